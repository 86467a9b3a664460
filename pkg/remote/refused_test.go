package remote

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/etcfiles/etcfiles/pkg/hostsstore"
)

// TestRefused: what cannot be imported of one host is left out and said, and takes nothing else with it.
func TestRefused(t *testing.T) {
	good := peer(t, "web 3 10.0.0.1 web")
	for _, test := range []struct {
		name, host string
		bad        Peer
		want       string
	}{
		{"a name that is no file", "../h2", Peer{}, `host ../h2 stays as it was: name of the host: "../h2"`},
		{"a hidden one", ".h2", Peer{}, `host .h2 stays as it was`},
		{"an ID", "h2", Peer{ID: "a/b", IfName: "eth0"}, `host h2: left out, 1 in all: container ID "a/b"`},
		{"an interface", "h2", Peer{ID: "a", IfName: "eth 0"}, `host h2: left out, 1 in all: container a: `},
		{"a long interface", "h2", Peer{ID: "a", IfName: "averyveryverylonginterfacename"}, `host h2: left out, 1 in all: container a: "averyveryverylongint" is not the name of an interface`},
		{"an address", "h2", Peer{Addresses: []netip.Addr{netip.IPv6Loopback()}}, `host h2: left out, 1 in all: lines of nobody: no container of another host can have the address ::1`},
		{"none", "h2", Peer{Addresses: []netip.Addr{{}}}, `host h2: left out, 1 in all`},
	} {
		t.Run(test.name, func(t *testing.T) {
			wanted := Prepare(map[string]Host{"h1": {Peers: []Peer{good}}, test.host: {Peers: []Peer{good, test.bad}}})
			have, _, last := Step(nil, wanted, 99)
			want := []string{"h1@0", "web 3 10.0.0.1 web"}
			if test.host == "h2" {
				want = append(want, "h2@0", "web 3 10.0.0.1 web")
			}
			if got := texts(have); !slices.Equal(got, want) || !last {
				t.Errorf("hosts have %q, want %q", got, want)
			}
			if err := wanted.Refused(); err == nil || !strings.HasPrefix(err.Error(), test.want) {
				t.Errorf("%v, want %q", err, test.want)
			}
		})
	}
	if err := Prepare(map[string]Host{"h1": {Peers: []Peer{good}}, "h2": {}}).Refused(); err != nil {
		t.Error(err)
	}
	many := map[string]Host{}
	for i := range 9 {
		many[fmt.Sprintf(".h%d", i)] = Host{}
	}
	var refused *Refused
	if err := Prepare(many).Refused(); !strings.HasSuffix(err.Error(), "; and 6 more") || !errors.As(err, &refused) || refused.Host != ".h0" {
		t.Error(err)
	}
}

// ofMany is a host with so many containers, the first one of the youngest revision.
func ofMany(t *testing.T, network byte, n int, only bool) Host {
	t.Helper()
	var h Host
	for i := range n {
		p := peer(t, fmt.Sprintf("c%d %d 10.%d.%d.%d n%d", i, 1_000_000-i, network, i>>8, i&255, i))
		p.NetworkOnly = only
		h.Peers = append(h.Peers, p)
	}
	return h
}

// all makes all steps towards what is wanted, and returns how many lines each host has then, and the most that containers ever listed.
func all(t *testing.T, have []hostsstore.RemoteHost, wanted *Wanted) (end []hostsstore.RemoteHost, lines map[string]int, most int) {
	t.Helper()
	for last := false; !last; {
		have, _, last = Step(have, wanted, 1_000)
		x := listed(have, func(string) bool { return true })
		most = max(most, x.lines)
	}
	lines = map[string]int{}
	for _, h := range have {
		lines[h.Host] = len(h.Lines)
	}
	return have, lines, most
}

// TestTooMuch: of one host no more is taken than may be, and all together have no more in the files of containers; the oldest stay.
func TestTooMuch(t *testing.T) {
	wanted := Prepare(map[string]Host{"h1": ofMany(t, 1, 9_000, false), "h2": ofMany(t, 2, MaxLines+5, true)})
	have, lines, _ := all(t, nil, wanted)
	if lines["h1"] != 9_000 || lines["h2"] != MaxLines {
		t.Errorf("%v", lines)
	}
	if got, want := wanted.Refused().Error(), "host h2: left out, 5 in all: one host may have at most 10000 lines with 1048576 bytes on a network"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if last := have[1].Lines[0].Peer.ID; last != fmt.Sprintf("c%d", MaxLines+4) {
		t.Errorf("%s is the oldest", last)
	}

	wanted = Prepare(map[string]Host{"h2": ofMany(t, 2, 3_000, false)})
	have, lines, most := all(t, have, wanted)
	if lines["h1"] != 9_000 || lines["h2"] != 1_000 || most > MaxLines {
		t.Errorf("%v, at most %d", lines, most)
	}
	if err := wanted.Refused(); err == nil || !strings.HasPrefix(err.Error(), "host h2: left out, 2000 in all: containers list at most 10000 lines") {
		t.Error(err)
	}

	// Others come where there is no room for all at one time.
	wanted = Prepare(map[string]Host{"h1": ofMany(t, 3, 9_000, false)})
	if _, lines, most := all(t, have, wanted); lines["h1"] != 9_000 || lines["h2"] != 1_000 || most > MaxLines || wanted.Refused() != nil {
		t.Errorf("%v, at most %d, %v", lines, most, wanted.Refused())
	}
	long := ofMany(t, 4, 1, false)
	for i := range 5_000 {
		long.Peers[0].Names = append(long.Peers[0].Names, peer(t, fmt.Sprintf("x 1 10.4.0.1 %s%d", strings.Repeat("x", 40), i)).Names[0])
		long.Peers[0].Addresses = append(long.Peers[0].Addresses, netip.AddrFrom4([4]byte{10, 5, byte(i >> 8), byte(i)}))
	}
	wanted = Prepare(map[string]Host{"h4": long})
	if _, lines, _ := all(t, nil, wanted); lines["h4"] != 0 || wanted.Refused() == nil {
		t.Errorf("%v, %v", lines, wanted.Refused())
	}
}

// TestWrite: a host whose file cannot be written stays as it was, and the others go on.
func TestWrite(t *testing.T) {
	was, _, _ := Step(nil, Prepare(map[string]Host{"h1": host(t, 5, "a 3 10.0.0.1 web")}), 99)
	wanted := Prepare(map[string]Host{
		"h1": host(t, 6, "a 3 10.0.0.1 web", "b 4 10.0.0.2 db"), "h2": host(t, 6, "c 5 10.0.1.1 api"), "h3": host(t, 6, "d 6 10.0.2.1 one", "e 7 10.0.2.2 two"),
	})
	for steps := 0; ; steps++ {
		is, changed, last := Step(was, wanted, 1)
		was = wanted.Write(was, is, changed, func(h *hostsstore.RemoteHost) error {
			if h.Host == "h3" {
				return nil
			}
			return fs.ErrPermission
		})
		if last {
			break
		}
		if steps > 9 {
			t.Fatal("it does not end")
		}
	}
	if got, want := texts(was), []string{"h1@5", "a 3 10.0.0.1 web", "h3@6", "d 6 10.0.2.1 one", "e 7 10.0.2.2 two"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if err := wanted.Refused(); !errors.Is(err, fs.ErrPermission) || err.Error() != "host h1 stays as it was: permission denied; host h2 stays as it was: permission denied" {
		t.Error(err)
	}
}
