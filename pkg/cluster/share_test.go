package cluster

import (
	"fmt"
	"math/rand"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/etcfiles/etcfiles/pkg/names"
	"github.com/etcfiles/etcfiles/pkg/remote"
)

// TestMaxNames: each host has its oldest entries in the hosts files of containers, as far as its share goes.
func TestMaxNames(t *testing.T) {
	w := &world{t: t, state: NewState(lab, false)}
	w.host("h2", "10.231.2.0/24")
	w.host("h3", "10.231.3.0/24")
	w.peer("h3", "a", "10.231.3.1")
	w.peer("h2", "b", "10.231.2.1", "10.231.2.2")
	w.peer("h3", "c", "10.231.3.3", "10.231.3.4")
	w.peer("h2", "d", "10.231.2.3")
	for lines, want := range []string{"a b c d", "b c d", "b c d", "c d", "c", "d", ""} {
		var beyond []string
		d := w.state.Decide(Rules{Self: "me", MaxNames: lines})
		for _, entries := range d.Imports {
			for _, e := range entries {
				if e.NetworkOnly {
					beyond = append(beyond, e.ID)
				}
			}
		}
		slices.Sort(beyond)
		if got := strings.Join(beyond, " "); got != want || d.Lines != 6 || (d.Beyond > 0) != (want != "") {
			t.Errorf("%d lines: beyond are %s, %d of %d, want %s", lines, got, d.Beyond, d.Lines, want)
		}
	}
}

// TestHostileShare: a host that was there first and has as much as one may have, in lines or in bytes, does not keep the names of others out of
// the files of containers, and the store takes all that is believed.
func TestHostileShare(t *testing.T) {
	for _, most := range []int{1000, 5000, 10_000} {
		w := &world{t: t, state: NewState(lab, false)}
		hostile(w, "h2", 2, 100, 16)
		hostile(w, "h3", 3, 100, 16)
		w.host("h4", "10.4.0.0/16")
		for i := range 200 {
			w.peer("h4", fmt.Sprintf("web%d", i), fmt.Sprintf("10.4.0.%d", i))
		}
		d := w.state.Decide(Rules{Self: "me", MaxNames: most})
		out := map[string]int{}
		hosts := map[string]remote.Host{}
		for host, entries := range d.Imports {
			h := remote.Host{}
			for _, e := range entries {
				if e.NetworkOnly {
					out[host]++
				}
				h.Peers = append(h.Peers, remote.Peer{ID: e.ID, IfName: e.IfName, Revision: e.Created, NetworkOnly: e.NetworkOnly, Addresses: e.Addresses, Names: e.Names})
			}
			hosts[host] = h
		}
		if out["h2"] == 0 || out["h3"] == 0 || out["h4"] > 0 || len(hosts["h4"].Peers) != 200 || d.Beyond == 0 {
			t.Errorf("%d lines: not in the files of containers are %v", most, out)
		}
		wanted := remote.Prepare(hosts)
		remote.Step(nil, wanted, most)
		if err := wanted.Refused(); err != nil {
			t.Errorf("%d lines: the store does not take what is believed: %v", most, err)
		}
	}
}

// shares returns a decision of which nothing is limited yet: with so many lines for each entry of each host, the oldest first. The entries of
// all hosts come by turns.
func shares(t testing.TB, hosts map[string][]int) *Decision {
	name, err := names.Parse("a")
	if err != nil {
		t.Fatal(err)
	}
	d := &Decision{Imports: map[string][]Entry{}}
	for host, list := range hosts {
		for i, lines := range list {
			e := Entry{Peer: Peer{ID: fmt.Sprint(i), Names: []names.Name{name}}, Created: int64(100*i) + int64(host[0])}
			for j := range lines {
				e.Addresses = append(e.Addresses, netip.AddrFrom4([4]byte{10, host[0], byte(i), byte(j)}))
			}
			d.Imports[host] = append(d.Imports[host], e)
			d.Lines += lines
		}
	}
	return d
}

// listed returns how many lines each host has in the files of containers, and fails if those of a younger entry are there without an older one's.
func (d *Decision) listed(t testing.TB) map[string]int {
	out := map[string]int{}
	for host, entries := range d.Imports {
		missing := false
		for i := range entries {
			lines, _ := entries[i].size()
			if missing = missing || entries[i].NetworkOnly; !entries[i].NetworkOnly {
				out[host] += lines
			}
			if missing != entries[i].NetworkOnly {
				t.Fatalf("host %s: entry %d is listed, and an older one is not", host, i)
			}
		}
	}
	return out
}

// ones are entries of one line.
func ones(n int) []int { return slices.Repeat([]int{1}, n) }

func TestShares(t *testing.T) {
	for _, test := range []struct {
		name  string
		hosts map[string][]int
		most  int
		want  string // lines of each host
	}{
		{"all fit", map[string][]int{"a": ones(3), "b": ones(7)}, 10, "map[a:3 b:7]"},
		{"one has too much", map[string][]int{"a": ones(90), "b": ones(2), "c": ones(3)}, 10, "map[a:5 b:2 c:3]"},
		{"two have", map[string][]int{"a": ones(90), "b": ones(50), "c": ones(2)}, 10, "map[a:4 b:4 c:2]"},
		{"the older one has what is left", map[string][]int{"a": ones(9), "b": ones(9), "c": ones(9)}, 10, "map[a:4 b:3 c:3]"},
		{"more hosts than lines", map[string][]int{"a": ones(9), "b": ones(1), "c": ones(1)}, 2, "map[a:1 b:1]"},
		{"many addresses", map[string][]int{"a": {8, 1}, "b": {1, 1, 1}, "c": {2}}, 10, "map[b:3 c:2]"},
		{"an older entry has no room", map[string][]int{"a": {2, 9, 1}, "b": ones(3)}, 10, "map[a:2 b:3]"},
		{"none", map[string][]int{"a": ones(1)}, 0, "map[]"},
	} {
		d := shares(t, test.hosts)
		d.limit(test.most)
		if got := fmt.Sprint(d.listed(t)); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
}

// FuzzShares: whoever has what, no more is listed than may be; a host with no more than an equal part of it has all listed; nobody's is listed
// more evenly in another way; and where all entries have one line, one that comes moves one out at most.
func FuzzShares(f *testing.F) {
	random := rand.New(rand.NewSource(1))
	for range 200 {
		script := make([]byte, random.Intn(60))
		random.Read(script)
		f.Add(script, byte(random.Intn(80)), random.Intn(2) == 0)
	}
	f.Fuzz(func(t *testing.T, script []byte, most byte, single bool) {
		hosts := map[string][]int{}
		for _, b := range script {
			host, lines := string('a'+rune(b%6)), 1+int(b>>4)
			if single {
				lines = 1
			}
			hosts[host] = append(hosts[host], lines)
		}
		d := shares(t, hosts)
		d.limit(int(most))
		listed, sum := d.listed(t), 0
		for _, n := range listed {
			sum += n
		}
		if sum > int(most) || d.Lines-d.Beyond != sum || d.Lines <= int(most) && d.Beyond > 0 {
			t.Fatalf("%d of %d lines are listed, %d beyond, of at most %d", sum, d.Lines, d.Beyond, most)
		}
		for host, list := range hosts {
			has := 0
			for _, lines := range list {
				has += lines
			}
			if has*len(hosts) <= int(most) && listed[host] != has {
				t.Fatalf("host %s has %d of %d lines listed, though it has its share at most: %v", host, listed[host], has, hosts)
			}
			for other := range hosts {
				if single && listed[host] < has && listed[other] > listed[host]+1 {
					t.Fatalf("host %s lacks lines, and has %d; %s has %d", host, listed[host], other, listed[other])
				}
			}
		}
		if !single {
			return
		}
		for host := range hosts {
			hosts[host] = append(hosts[host], 1)
			more := shares(t, hosts)
			hosts[host] = hosts[host][:len(hosts[host])-1]
			more.limit(int(most))
			moved := 0
			for other, n := range more.listed(t) {
				moved += max(0, listed[other]-n)
			}
			if moved > 1 {
				t.Fatalf("one line more of %s moves %d out: %v", host, moved, hosts)
			}
		}
	})
}
