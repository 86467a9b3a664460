package remote

import (
	"fmt"
	"math/rand"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/etcfiles/etcfiles/pkg/etchosts"
	"github.com/etcfiles/etcfiles/pkg/hostsstore"
	"github.com/etcfiles/etcfiles/pkg/names"
	"github.com/etcfiles/etcfiles/pkg/roster"
)

// peer makes a peer of "ID revision address,address name name".
func peer(t testing.TB, text string) Peer {
	t.Helper()
	var p Peer
	var addresses string
	fields := strings.Fields(text)
	if _, err := fmt.Sscan(text, &p.ID, &p.Revision, &addresses); err != nil {
		t.Fatal(err)
	}
	if p.IfName = "eth0"; p.ID == "-" {
		p.ID, p.IfName = "", ""
	}
	for addr := range strings.SplitSeq(addresses, ",") {
		p.Addresses = append(p.Addresses, netip.MustParseAddr(addr))
	}
	for _, field := range fields[3:] {
		name, err := names.Parse(field)
		if err != nil {
			t.Fatal(err)
		}
		p.Names = append(p.Names, name)
	}
	return p
}

func host(t testing.TB, revision int64, peers ...string) Host {
	t.Helper()
	h := Host{Revision: revision}
	for _, p := range peers {
		h.Peers = append(h.Peers, peer(t, p))
	}
	return h
}

// texts returns what hosts have: host@revision, and each line as "ID revision line".
func texts(hosts []hostsstore.RemoteHost) []string {
	var out []string
	for _, h := range hosts {
		out = append(out, fmt.Sprintf("%s@%d", h.Host, h.Revision))
		for _, l := range h.Lines {
			out = append(out, fmt.Sprintf("%s %d %s", l.Peer.ID, l.Peer.Revision, strings.Join(strings.Fields(l.Text), " ")))
		}
	}
	return out
}

// TestStep: one step after the other brings what hosts have to what is wanted.
func TestStep(t *testing.T) {
	type hosts = map[string]Host
	start := hosts{"h1": host(t, 5, "a 3 10.0.0.1 web", "b 4 10.0.0.2,fd00::2 db sql"), "h2": host(t, 0, "- 0 10.0.1.1 api")}
	for _, test := range []struct {
		name string
		want hosts
		most int
		step []string   // all that hosts have after the first step
		end  [][]string // after the others
	}{
		{"nothing", hosts{}, 9, []string{"h1@5", "a 3 10.0.0.1 web", "b 4 10.0.0.2 db sql", "b 4 fd00::2 db sql", "h2@0", " 5 10.0.1.1 api"}, nil},
		{
			"gone",
			hosts{"h1": {}},
			1,
			[]string{"h1@5", "a 3 10.0.0.1 web", "h2@0", " 5 10.0.1.1 api"},
			[][]string{{"h1@0", "h2@0", " 5 10.0.1.1 api"}},
		},
		{
			"who comes is before who goes",
			hosts{"h1": host(t, 9, "a 3 10.0.0.1 web", "c 8 10.0.0.3 new")},
			1,
			[]string{"h1@5", "a 3 10.0.0.1 web", "b 4 10.0.0.2 db sql", "b 4 fd00::2 db sql", "c 8 10.0.0.3 new", "h2@0", " 5 10.0.1.1 api"},
			[][]string{{"h1@9", "a 3 10.0.0.1 web", "c 8 10.0.0.3 new", "h2@0", " 5 10.0.1.1 api"}},
		},
		{
			"an address that is left goes over at once",
			hosts{"h1": host(t, 9, "a 3 10.0.0.1 web", "c 8 10.0.0.2 new")},
			1,
			[]string{"h1@9", "a 3 10.0.0.1 web", "c 8 10.0.0.2 new", "h2@0", " 5 10.0.1.1 api"},
			nil,
		},
		{
			"another name in one step",
			hosts{"h1": host(t, 9, "a 3 10.0.0.1 web www", "b 4 10.0.0.2,fd00::2 db sql")},
			1,
			[]string{"h1@9", "a 3 10.0.0.1 web www", "b 4 10.0.0.2 db sql", "b 4 fd00::2 db sql", "h2@0", " 5 10.0.1.1 api"},
			nil,
		},
		{
			"without revisions in the order of coming",
			hosts{"h2": host(t, 0, "- 0 10.0.1.2 first", "- 0 10.0.1.1 api more"), "h3": host(t, 0, "- 0 10.0.2.1 api")},
			9,
			[]string{"h1@5", "a 3 10.0.0.1 web", "b 4 10.0.0.2 db sql", "b 4 fd00::2 db sql", "h2@0", " 5 10.0.1.1 api more", " 6 10.0.1.2 first", "h3@0", " 7 10.0.2.1 api"},
			nil,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			have, changed, last := Step(nil, Prepare(start), 99)
			if !slices.Equal(changed, []string{"h1", "h2"}) || !last {
				t.Fatal(changed, last)
			}
			wanted := Prepare(test.want)
			for i, want := range append([][]string{test.step}, test.end...) {
				have, _, last = Step(have, wanted, test.most)
				if diff := cmp.Diff(want, texts(have)); diff != "" || last != (i == len(test.end)) {
					t.Errorf("step %d, last %t (-want +got):\n%s", i, last, diff)
				}
			}
			if again, changed, last := Step(have, wanted, test.most); len(changed) > 0 || !last {
				t.Errorf("%v has changed again: %v", changed, texts(again))
			}
		})
	}
}

// TestSteps: whatever hosts had and are to have, steps of any size end with what they are to have, and a peer that is the same before and
// after is there all the time.
func TestSteps(t *testing.T) {
	random := rand.New(rand.NewSource(1))
	some := func() map[string]Host {
		out := map[string]Host{}
		for i := range 3 {
			h := Host{}
			for id := range 8 {
				if random.Intn(2) == 0 {
					h.Peers = append(h.Peers, peer(t, fmt.Sprintf("c%d 0 10.0.%d.%d n%d", id, i, id+random.Intn(2), random.Intn(3))))
				}
			}
			out[fmt.Sprintf("h%d", i)] = h
		}
		return out
	}
	lines := func(hosts []hostsstore.RemoteHost) []string {
		var out []string
		for _, h := range hosts {
			for _, l := range h.Lines {
				out = append(out, h.Host+l.Peer.ID+l.Text)
			}
		}
		slices.Sort(out)
		return out
	}
	var have []hostsstore.RemoteHost
	for range 300 {
		wanted := Prepare(some())
		end, _, _ := Step(have, wanted, 1_000)
		before, after := lines(have), lines(end)
		for steps := 0; ; steps++ {
			next, changed, last := Step(have, wanted, 1+random.Intn(5))
			have = next
			got := lines(have)
			for _, l := range before {
				if slices.Contains(after, l) && !slices.Contains(got, l) {
					t.Fatalf("%q is missing after step %d", l, steps)
				}
			}
			if last {
				break
			}
			if len(changed) == 0 || steps > 100 {
				t.Fatal("it does not end")
			}
		}
		if diff := cmp.Diff(after, lines(have)); diff != "" {
			t.Fatalf("(-want +got):\n%s", diff)
		}
	}
}

// TestScattered: the lines of a peer need not stand together, as where somebody has edited the file, nor each once.
func TestScattered(t *testing.T) {
	line := func(id, addr, name string) *hostsstore.RemoteLine {
		a := netip.MustParseAddr(addr)
		return &hostsstore.RemoteLine{
			Peer: &hostsstore.RemotePeer{Host: "h1", ID: id, IfName: "eth0", Revision: 3}, Address: a, Text: etchosts.Format(a, []string{name}),
		}
	}
	have := []hostsstore.RemoteHost{{Host: "h1", Lines: []*hostsstore.RemoteLine{
		line("a", "10.0.0.1", "web"), line("b", "10.0.0.2", "db"), line("a", "fd00::1", "web"), line("a", "10.0.0.1", "web"),
	}}}
	same := map[string]Host{"h1": host(t, 0, "a 3 10.0.0.1,fd00::1 web", "b 3 10.0.0.2 db")}
	if next, changed, last := Step(have, Prepare(same), 9); len(changed) > 0 || !last {
		t.Errorf("%v has changed: %v", changed, texts(next))
	}
	next, _, last := Step(have, Prepare(map[string]Host{"h1": host(t, 0, "b 3 10.0.0.2 db")}), 1)
	if diff := cmp.Diff([]string{"h1@0", "b 3 10.0.0.2 db"}, texts(next)); diff != "" || !last {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestRead(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"a hosts file", "127.0.0.1 localhost\n::1 localhost ip6-localhost\n\n10.0.0.1\tweb WEB  web.lab # main\n10.0.0.2 db\n10.0.0.1 www\n", "/ 10.0.0.1 web web.lab www; / 10.0.0.2 db"},
		{"an export", "# containers on network lab\n# web/eth0\n10.0.0.1 web\nfd00::1 web\n#\n10.0.0.2 theirs\n", "web/eth0 10.0.0.1 fd00::1 web; / 10.0.0.2 theirs"},
		{"an IPv4-mapped address", "::ffff:10.0.0.1 web", "/ 10.0.0.1 web"},
		{"nobody", "# nothing\n", ""},
		{"nothing", "", "there is not a single line"},
		{"blank lines", "\n  \n", "there is not a single line"},
		{"loopback only", "# static table lookup\n127.0.0.1 localhost\n127.0.1.1 h2\n::1 localhost\n", "all its lines are of loopback, which is every host's own"},
		{"too many lines", lined(MaxLines + 1), "one host may have at most 10000 lines with 1048576 bytes on a network"},
		{"too many bytes", "10.0.0.1" + func() string {
			var b strings.Builder
			for i := range maxBytes / 40 {
				fmt.Fprintf(&b, " %s%d", strings.Repeat("x", 40), i)
			}
			return b.String()
		}() + "\n", "one host may have at most 10000 lines with 1048576 bytes on a network"},
		{"not an address", "# x\n10.0.0.300 web\n", `line 2: "10.0.0.300" is not an IP address`},
		{"no name", "10.0.0.1\n", "line 1: it has no name"},
		{"link-local", "fe80::1 web\n", "line 1: no container of another host can have the address fe80::1"},
		{"reserved", "10.0.0.1 host.docker.internal\n", `line 1: name "host.docker.internal" is not usable as a host name: it is a name of the host`},
		{"too much", strings.Repeat("#", maxText+1), "more than 10485760 bytes"},
	} {
		t.Run(test.name, func(t *testing.T) {
			peers, err := Read(strings.NewReader(test.text))
			var out []string
			for _, p := range peers {
				out = append(out, fmt.Sprintf("%s/%s %v %v", p.ID, p.IfName, p.Addresses, p.Names))
			}
			got := strings.NewReplacer("[", "", "]", "", "{", "", "}", "").Replace(strings.Join(out, "; "))
			if err != nil {
				got = err.Error()
			}
			if strings.Join(strings.Fields(got), " ") != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}

// lined returns so many lines.
func lined(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "10.5.%d.%d a%d\n", i>>8, i&255, i)
	}
	return b.String()
}

// TestReadMuch: a long text takes a time that is linear in its length, whatever its lines have in common.
func TestReadMuch(t *testing.T) {
	var addresses, names strings.Builder
	names.WriteString("10.0.0.1")
	for i := range 60_000 {
		fmt.Fprintf(&addresses, "10.%d.%d.%d a\n", i>>16, i>>8&255, i&255)
		fmt.Fprintf(&names, " n%d", i)
	}
	for _, text := range []string{"# web/eth0\n" + addresses.String(), "# web/eth0\n" + addresses.String() + names.String()} {
		if _, err := Read(strings.NewReader(text)); err == nil {
			t.Error("so much is taken")
		}
	}
}

// FuzzRead: what is read of any text can be imported, and every line of it can stand in a hosts file.
func FuzzRead(f *testing.F) {
	f.Add("127.0.0.1 localhost\n# web/eth0\n10.0.0.1 web web.lab\nfd00::1 web\n#\n10.0.0.2 db # x\n")
	f.Fuzz(func(t *testing.T, text string) {
		peers, err := Read(strings.NewReader(text))
		if err != nil {
			return
		}
		hosts := map[string]Host{"h2": {Peers: peers}}
		wanted := Prepare(hosts)
		have, _, last := Step(nil, wanted, 1<<30)
		if err := wanted.Refused(); err != nil {
			t.Fatal(err)
		}
		if !last {
			t.Fatal("there is more")
		}
		for _, h := range have {
			for _, l := range roster.RemoteLines(have, nil) {
				if len(l.Text) > 511 || strings.ContainsAny(l.Text, "#\t\r") || strings.Count(l.Text, "\n") != 1 {
					t.Fatalf("%s: %q", h.Host, l.Text)
				}
			}
		}
	})
}
