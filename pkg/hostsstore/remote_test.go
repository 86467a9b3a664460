package hostsstore

import (
	"errors"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// header is that of a file of the boot "boot".
const header = "# etcfiles-remote 1 boot 7\n"

func TestDecodeRemote(t *testing.T) {
	long := strings.Repeat("a", 63) + "."
	for _, test := range []struct {
		name, text string
		want       []string // host/ID/interface revision, and the line
		faults     []int
	}{
		{"nothing", header, nil, nil},
		{
			"a peer with two addresses", header + "# web/eth0 5\n10.0.0.1        web web.lab\nfd00::1         web web.lab\n",
			[]string{"web/eth0 5 10.0.0.1        web web.lab", "web/eth0 5 fd00::1         web web.lab"},
			nil,
		},
		{"of whom only lines are known", header + "# - 3 network\n10.0.0.1 web\n", []string{"/ 3 network 10.0.0.1 web"}, nil},
		{"without a comment", header + "10.0.0.1 web\n", []string{"/ 0 10.0.0.1 web"}, nil},
		{"cut", header + "# web/eth0 5\n10.0.0.1 web\n10.0.0.2 we", []string{"web/eth0 5 10.0.0.1 web"}, []int{4}},
		{"whose is not known", header + "# web 5\n10.0.0.1 web\n# db/eth0 6\n10.0.0.2 db\n", []string{"db/eth0 6 10.0.0.2 db"}, []int{2, 3}},
		{"bad comments", header + "#\n#x\n# a/b c\n# a/b -1\n# a/b 1 all\n# ../x/eth0 1\n# a/b/c 1\n# a/" + strings.Repeat("i", 16) + " 1\n# a/b 1", nil, []int{2, 3, 4, 5, 6, 7, 8, 9, 10}},
		{"bad addresses", header + "127.0.0.1 a\n::1 b\n169.254.0.1 c\nfe80::1 d\n224.0.0.1 e\n0.0.0.0 f\n::ffff:10.0.0.1 g\n10.0.0.1%eth0 h\nx i\n 10.0.0.1 j\n\n", nil, []int{2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}},
		{"addresses that nobody would find", header + "FD00::1 a\nfd00:0::1 b\nfd00::a.0.0.1 c\n010.0.0.1 d\nfd00::1 e\n", []string{"/ 0 fd00::1 e"}, []int{2, 3, 4, 5}},
		{"bad names", header + "10.0.0.1\n10.0.0.1 \n10.0.0.1 a,b\n10.0.0.1 a#b\n10.0.0.1 a\tb\n10.0.0.1 a\r\n10.0.0.1 localhost\n10.0.0.1 1.2.3.4\n10.0.0.1 -a\n", nil, []int{2, 3, 4, 5, 6, 7, 8, 9, 10}},
		{"too long", header + "10.0.0.1 " + long + "a " + long + "b " + long + "c " + long + "d " + long + "e " + long + "f " + long + "g " + long + "h\n", nil, []int{2}},
	} {
		t.Run(test.name, func(t *testing.T) {
			h, err := decodeRemote("h2", test.text, "boot")
			if err != nil || h.Host != "h2" || h.Revision != 7 {
				t.Fatal(h, err)
			}
			var got []string
			for _, l := range h.Lines {
				who := strings.TrimSuffix(strings.TrimPrefix(string(l.Peer.encode(nil)), "# "), "\n")
				got = append(got, strings.Replace(who, "- ", "/ ", 1)+" "+strings.TrimSuffix(l.Text, "\n"))
				if addr, _, _ := strings.Cut(l.Text, " "); l.Address.String() != addr || l.Peer.Host != "h2" {
					t.Errorf("%+v is of %s at %s", l.Text, l.Peer.Host, l.Address)
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("lines (-want +got):\n%s", diff)
			}
			var faults []int
			for _, f := range h.Faults {
				faults = append(faults, f.Line)
			}
			if diff := cmp.Diff(test.faults[:min(len(test.faults), maxRemoteFaults)], faults); diff != "" || h.Faulty != len(test.faults) {
				t.Errorf("%d faults (-want +got):\n%s", h.Faulty, diff)
			}
		})
	}
	for _, text := range []string{"", "# etcfiles-remote 1 boot 7", "# etcfiles-remote 2 boot 7\n", "# etcfiles-remote 1 boot\n", "# etcfiles-remote 1 boot x\n", "# etcfiles-remote 1 boot -1\n", "10.0.0.1 web\n"} {
		if _, err := decodeRemote("h2", text, "boot"); !errors.Is(err, errRemoteForm) {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, err := decodeRemote("h2", header, "next"); !errors.Is(err, ErrRemoteOfAnotherBoot) {
		t.Error(err)
	}
}

// FuzzDecodeRemote: whatever a file holds, what comes of it is lines that may stand in a hosts file, and is the same when it is written and
// read again.
func FuzzDecodeRemote(f *testing.F) {
	f.Add(header + "# web/eth0 5\n10.0.0.1        web web.lab\n# - 6 network\nfd00::1 db\n")
	f.Add(header + "10.0.0.1 web\n# x\n10.0.0.2 db")
	f.Fuzz(func(t *testing.T, text string) {
		h, err := decodeRemote("h2", text, "boot")
		if err != nil {
			return
		}
		for _, l := range h.Lines {
			if len(l.Text) > maxRemoteLine || strings.Count(l.Text, "\n") != 1 || !strings.HasSuffix(l.Text, "\n") || strings.ContainsAny(l.Text, "#\t\r\x00") || CheckRemoteAddress(l.Address) != nil {
				t.Fatalf("%q", l.Text)
			}
			if !strings.Contains(text, "\n"+l.Address.String()+" ") {
				t.Fatalf("who looks for %s does not find %q", l.Address, l.Text)
			}
			for name := range l.Names {
				if name == "" || strings.Contains(name, " ") {
					t.Fatalf("%q has the name %q", l.Text, name)
				}
			}
		}
		again, err := decodeRemote("h2", string(h.encode("boot")), "boot")
		h.Faulty, h.Faults = 0, nil
		if diff := cmp.Diff(h, again, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); err != nil || len(h.Lines) > 0 && diff != "" {
			t.Fatalf("%v (-first +again):\n%s", err, diff)
		}
	})
}

// TestRemotes: who reads gets what is of this boot, says what is left out, and one that has nothing costs nobody anything.
func TestRemotes(t *testing.T) {
	n := Dir(t.TempDir()).Namespace("ns")
	if r := n.Remotes("boot", nil); r.Some() || r.Has("lab") || r.Of("lab") != nil || r.Networks() != nil || r.Mention("lab", []netip.Addr{{}}) {
		t.Error("there is something")
	}
	addr := netip.MustParseAddr("10.0.0.1")
	host := func(name string) *RemoteHost {
		peer := &RemotePeer{Host: name, ID: "web", IfName: "eth0", Revision: 3}
		return &RemoteHost{Host: name, Revision: 7, Lines: []*RemoteLine{{peer, addr, "10.0.0.1        web\n"}}}
	}
	for _, err := range []error{n.WriteRemote("boot", "lab", host("h2")), n.WriteRemote("before", "lab", host("h1")), n.WriteRemote("before", "old", host("h1"))} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(n.RemotePath("lab", "h2"), n.RemotePath("lab", "h3")); err != nil {
		t.Fatal(err)
	}
	var warnings []string
	r := n.Remotes("boot", func(err error) { warnings = append(warnings, err.Error()) })
	if diff := cmp.Diff([]RemoteHost{*host("h2")}, r.Of("lab"), cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := r.Networks(); !slices.Equal(got, []string{"lab"}) || !r.Has("lab") || r.Has("old") {
		t.Errorf("networks %v", got)
	}
	if len(warnings) != 1 || !strings.Contains(warnings[0], "host h3 on network lab") {
		t.Errorf("warnings %q", warnings)
	}
	if !r.Mention("lab", []netip.Addr{addr}) || r.Mention("lab", []netip.Addr{netip.MustParseAddr("10.0.0.11"), netip.MustParseAddr("0.0.0.1")}) {
		t.Error("an address is not found, or one that is none")
	}
	if err := n.RemoveStaleRemote("boot"); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]bool{n.RemotePath("lab", "h2"): true, n.RemotePath("lab", "h1"): false, filepath.Dir(n.RemotePath("old", "h1")): false} {
		if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) == want {
			t.Errorf("%s: %v", path, err)
		}
	}
	if err := errors.Join(os.Remove(n.RemotePath("lab", "h3")), n.WriteRemote("boot", "lab", &RemoteHost{Host: "h2"})); err != nil {
		t.Fatal(err)
	}
	if r := n.Remotes("boot", nil); r.Some() {
		t.Error("the directory is still there")
	}
}
