package inspect

import (
	"context"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/etcfiles/etcfiles/pkg/hostsstore"
)

// lookTwiceWith looks, does what operations and others do in the meantime, and looks again at what was found.
func (s *store) lookTwiceWith(meanwhile func()) (first, second *audit) {
	s.t.Helper()
	first = &audit{Inspector: s.Inspector, ns: s.Dir.Namespace("ns")}
	if err := first.look(context.Background(), hostsstore.FileID{}, nil); err != nil {
		s.t.Fatal(err)
	}
	meanwhile()
	second = &audit{Inspector: s.Inspector, ns: s.Dir.Namespace("ns")}
	if err := second.look(context.Background(), hostsstore.FileID{}, first.seen()); err != nil {
		s.t.Fatal(err)
	}
	return first, second
}

func problems(a *audit) []string {
	list := []string{}
	for _, f := range a.findings {
		list = append(list, string(f.Problem)+" "+f.ID)
	}
	return list
}

// edit changes a file as somebody does who is no operation.
func (s *store) edit(path string, change func(text string) string) {
	s.t.Helper()
	text, err := os.ReadFile(path)
	if err == nil {
		err = os.WriteFile(path, []byte(change(string(text))), 0o600)
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// TestSecondLookKeepsEachFault: of a hosts file that has a line too much, lacks one and has a wrong mode each is found again, also after
// the line of another container has moved; what has been mended or has explained itself is not.
func TestSecondLookKeepsEachFault(t *testing.T) {
	s := newStore(t)
	for i, id := range []string{"a", "b", "c", "d", "e"} {
		network := "lab"
		if i%2 == 0 {
			network = "quiet"
		}
		s.add(key(id, "eth0", network), byte(i+1))
	}
	n := s.Dir.Namespace("ns")
	s.edit(n.HostsPath("a"), func(text string) string {
		return strings.Replace(text, "\n10.0.0.3 ", "\n10.0.0.77 nobody\n#0.0.0.3 ", 1)
	})
	if err := os.Chmod(n.HostsPath("a"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.edit(n.HostsPath("b"), func(text string) string { return strings.Replace(text, "\n10.0.0.4 ", "\n#0.0.0.4 ", 1) })
	s.edit(n.HostsPath("c"), func(text string) string { return strings.Replace(text, "\n10.0.0.5 ", "\n#0.0.0.5 ", 1) })
	first, second := s.lookTwiceWith(func() {
		s.edit(n.HostsPath("c"), func(text string) string { return strings.Replace(text, "\n#0.0.0.5 ", "\n10.0.0.5 ", 1) })
		s.del(key("d", "eth0", "lab")) // its line was all that b lacked
	})
	had, have := problems(first), problems(second)
	for _, want := range []string{"hosts-lacks a", "hosts-extra a", "mode a", "hosts-lacks b", "hosts-lacks c"} {
		if !slices.Contains(had, want) {
			t.Errorf("the first look finds %q, and not %q", had, want)
		}
	}
	slices.Sort(have)
	if want := []string{"hosts-extra a", "hosts-lacks a", "mode a"}; !slices.Equal(have, want) {
		t.Errorf("the second look finds %q, not %q", have, want)
	}
}

// TestSecondLookReadsWhatChanged: a record that stands as it did is not read again, and one that was replaced is.
func TestSecondLookReadsWhatChanged(t *testing.T) {
	s := newStore(t)
	s.add(key("a", "eth0", "lab"), 1)
	s.add(key("b", "eth0", "lab"), 2)
	first, second := s.lookTwiceWith(func() { s.add(key("b", "eth1", "back"), 9) })
	if first.records["a"] != second.records["a"] {
		t.Error("the record of a was read again")
	}
	if was, is := len(first.records["b"].Etcfiles.Attachments), len(second.records["b"].Etcfiles.Attachments); was != 1 || is != 2 {
		t.Errorf("b has %d, then %d attachments", was, is)
	}
	if _, third := s.lookTwiceWith(func() {
		if err := os.WriteFile(s.Dir.Namespace("ns").RecordPath("b"), []byte("{"), 0o600); err != nil {
			t.Fatal(err)
		}
	}); third.records["b"] != nil {
		t.Error("a record that cannot be understood any more is taken for what it was")
	}
}
