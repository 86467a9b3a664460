package cluster

import (
	"encoding/json"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/etcfiles/etcfiles/pkg/etchosts"
	"github.com/etcfiles/etcfiles/pkg/hostsstore"
	"github.com/etcfiles/etcfiles/pkg/iprange"
	"github.com/etcfiles/etcfiles/pkg/names"
	"github.com/etcfiles/etcfiles/pkg/remote"
)

var lab = Network{"default", "lab"}

func TestParseKey(t *testing.T) {
	for key, want := range map[string]Key{
		"/etcfiles/1/default/lab/h1/host":        {Kind: HostRecord, Host: "h1"},
		"/etcfiles/1/default/lab/h1/c0ffee/eth0": {Host: "h1", ID: "c0ffee", IfName: "eth0"},
		"/etcfiles/1/default/lab/h1/host/eth0":   {Host: "h1", ID: "host", IfName: "eth0"}, // a container may be called so
		"/etcfiles/1/default/lab/.ranges/h1":     {Kind: Granted, Host: "h1"},
	} {
		got, err := lab.ParseKey(key)
		if err != nil || got != want {
			t.Errorf("%s: %+v, %v", key, got, err)
		}
	}
	for _, key := range []string{
		"", "/", "/etcfiles/1/default/lab/", "/etcfiles/1/default/lab/h1", "/etcfiles/1/default/lab/h1/", "/etcfiles/1/default/lab/h1/web",
		"/etcfiles/1/default/lab/h1//eth0", "/etcfiles/1/default/lab/h1/web/", "/etcfiles/1/default/lab/h1/../eth0", "/etcfiles/1/default/lab/h1/web/eth0/x",
		"/etcfiles/1/default/lab/H1/host", "/etcfiles/1/default/lab/h.1/host", "/etcfiles/1/default/lab/-h1/web/eth0", "/etcfiles/1/default/lab//host",
		"/etcfiles/1/default/lab/.ranges", "/etcfiles/1/default/lab/.ranges/..", "/etcfiles/1/default/lab/.ranges/h1/x", "/etcfiles/2/default/lab/h1/host",
		"/etcfiles/1/default/other/h1/host", "/etcfiles/1/default/lab/h1/we b/eth0", "/etcfiles/1/default/lab/h1/web\x00/eth0",
		"/etcfiles/1/default/lab/" + strings.Repeat("h", 64) + "/host", "/etcfiles/1/default/lab/h1/" + strings.Repeat("w", 256) + "/eth0",
		"/etcfiles/1/default/lab/h1/web/averylonginterfacename",
	} {
		if got, err := lab.ParseKey(key); err == nil {
			t.Errorf("%q is taken for %+v", key, got)
		}
	}
}

// attached is an attachment of this host with as many names and addresses.
func attached(names, addresses int) Attached {
	a := Attached{Network: lab, ID: "c0ffee", IfName: "eth0"}
	for i := range names {
		a.Names = append(a.Names, fmt.Sprintf("n%d", i))
	}
	for i := range addresses {
		a.Addresses = append(a.Addresses, netip.AddrFrom4([4]byte{10, 231, 1, byte(i + 1)}))
	}
	return a
}

// TestEncode: what one host publishes another reads, in the same order; what is too much is left out at both ends, and said.
func TestEncode(t *testing.T) {
	for _, c := range []struct{ names, addresses, readNames, readAddresses, left int }{
		{2, 1, 2, 1, 0}, {MaxNames, MaxAddresses, MaxNames, MaxAddresses, 0}, {MaxNames + 3, MaxAddresses + 1, MaxNames, MaxAddresses, 2},
	} {
		a := attached(c.names, c.addresses)
		key, value, left, err := Encode("h1", a, false)
		if err != nil || len(left) != c.left || key != "/etcfiles/1/default/lab/h1/c0ffee/eth0" {
			t.Fatalf("%s, %q left, %v", key, left, err)
		}
		k, err := lab.ParseKey(key)
		if err != nil {
			t.Fatal(err)
		}
		peer, unread := DecodePeer(lab, k, []byte(value), false)
		if peer == nil || len(unread) > 0 || len(peer.Names) != c.readNames || len(peer.Addresses) != c.readAddresses {
			t.Fatalf("%+v, %q", peer, unread)
		}
		for i, name := range peer.Names {
			if name.String() != a.Names[i] {
				t.Errorf("name %d is %v", i, name)
			}
		}
	}
	long := attached(0, 1)
	for i := range MaxNames {
		long.Names = append(long.Names, fmt.Sprintf("n%d.%s.%[2]s.%[2]s", i, strings.Repeat("a", 63)))
	}
	if _, value, left, err := Encode("h1", long, true); err != nil || len(value) > MaxValue || len(left) != 1 {
		t.Errorf("%d bytes, %q, %v", len(value), left, err)
	}
	a := attached(2, 2)
	a.Names, a.Addresses = append(a.Names, "n0.corp.example", "localhost", "n0.LAB"), append(a.Addresses, netip.MustParseAddr("169.254.1.1"))
	for qualified, want := range map[bool]string{
		false: `{"addresses":["10.231.1.1","10.231.1.2"],"names":["n0","n1","n0.LAB"]} 3`, true: `{"addresses":["10.231.1.1","10.231.1.2"],"names":["n0","n1","n0.corp.example","n0.LAB"]} 2`,
	} {
		if _, value, left, err := Encode("h1", a, qualified); err != nil || fmt.Sprint(value, " ", len(left)) != want {
			t.Errorf("what readers do not believe is published: %s, %q, %v", value, left, err)
		}
	}
	a.Names = []string{"n0.corp.example"}
	if key, _, _, err := Encode("h1", a, false); err == nil || !strings.Contains(err.Error(), `name "n0.corp.example" does not end in .lab: set allowQualified on all hosts`) {
		t.Errorf("%s, %v", key, err)
	}
	for _, a := range []Attached{{Network: lab, ID: "a/b", IfName: "eth0"}, {Network: lab, ID: "a", IfName: "e:0"}, {Network: lab, IfName: "eth0"}, {Network: lab, ID: "a", IfName: "averylonginterfacename"}} {
		if key, _, _, err := Encode("h1", a, false); err == nil {
			t.Errorf("%+v is published as %s", a, key)
		}
	}
}

// TestSame: a record without the identity of the service, as of an earlier version, is of whichever there is.
func TestSame(t *testing.T) {
	one := Record{Machine: "m", Boot: "b", Instance: "i"}
	for o, want := range map[[3]string]bool{{"m", "b", "i"}: true, {"m", "b", ""}: true, {"m", "b", "j"}: false, {"m", "c", "i"}: false, {"n", "b", "i"}: false} {
		other := Record{Machine: o[0], Boot: o[1], Instance: o[2]}
		text, err := other.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if other, err = DecodeRecord([]byte(text)); err != nil || one.Same(other) != want || other.Same(one) != want {
			t.Errorf("%q: %v, %v", o, one.Same(other), err)
		}
	}
}

func TestDecodePeer(t *testing.T) {
	k := Key{Host: "h1", ID: "c0ffee", IfName: "eth0"}
	for _, c := range []struct {
		name, value, want string // names and addresses
		left              int
		qualified         bool
	}{
		{"plain", `{"addresses":["10.231.1.2","fd00::2"],"names":["web","web.lab"]}`, "[web web.lab] [10.231.1.2 fd00::2]", 0, false},
		{"unknown keys", `{"addresses":["10.231.1.2"],"names":["web"],"since":{"a":[1]}}`, "[web] [10.231.1.2]", 0, false},
		{"a name of the world", `{"addresses":["10.231.1.2"],"names":["web","example.com"]}`, "[web] [10.231.1.2]", 1, false},
		{"a name of the world, allowed", `{"addresses":["10.231.1.2"],"names":["web","example.com"]}`, "[web example.com] [10.231.1.2]", 0, true},
		{"localhost", `{"addresses":["10.231.1.2"],"names":["localhost","web","a.localhost"]}`, "[web] [10.231.1.2]", 2, true},
		{"a second line", `{"addresses":["10.231.1.2"],"names":["web\n10.0.0.1 db","web"]}`, "[web] [10.231.1.2]", 1, true},
		{"a name twice", `{"addresses":["10.231.1.2","10.231.1.2"],"names":["web","WEB"]}`, "[web] [10.231.1.2]", 0, false},
		{"no address for others", `{"addresses":["127.0.0.1","::1","169.254.1.1","fe80::1","224.0.0.1","0.0.0.0","::","255.255.255.255","x","10.231.1.2"],"names":["web"]}`, "[web] [10.231.1.2]", 9, false},
		{"an address in the clothes of IPv6", `{"addresses":["::ffff:127.0.0.1","::ffff:10.231.1.2"],"names":["web"]}`, "[web] [10.231.1.2]", 1, false},
	} {
		p, left := DecodePeer(lab, k, []byte(c.value), c.qualified)
		if p == nil {
			t.Errorf("%s: nothing but %q", c.name, left)
		} else if got := fmt.Sprint(p.Names, p.Addresses); got != c.want || len(left) != c.left {
			t.Errorf("%s: %s, %q", c.name, got, left)
		}
	}
	for _, value := range []string{
		"", "x", "[]", "null", `{"addresses":"10.231.1.2","names":["web"]}`, `{"addresses":["10.231.1.2"],"names":[]}`, `{"names":["web"]}`, `{"addresses":["10.231.1.2"],"names":[1]}`,
		`{"addresses":["127.0.0.1"],"names":["web"]}`, `{"addresses":["10.231.1.2"],"names":["web"],"x":"` + strings.Repeat("x", MaxValue) + `"}`, strings.Repeat("[", 9999),
	} {
		if p, left := DecodePeer(lab, k, []byte(value), true); p != nil || len(left) == 0 || left[0].Why != Malformed {
			t.Errorf("%.80q is taken for %+v, without %q", value, p, left)
		}
	}
}

// must returns the ranges of texts.
func must(t *testing.T, list ...string) []iprange.Range {
	t.Helper()
	ranges, err := iprange.ParseAll(list)
	if err != nil {
		t.Fatal(err)
	}
	return ranges
}

// world is a state that a test fills. Revisions grow with every key.
type world struct {
	t        *testing.T
	state    *State
	revision int64
}

func (w *world) put(key, value string) {
	w.revision++
	w.state.Put(key, []byte(value), w.revision, w.revision)
}

// host puts a host's record with ranges.
func (w *world) host(name string, ranges ...string) {
	value, err := Record{Machine: "machine of " + name, Ranges: must(w.t, ranges...)}.Encode()
	if err != nil {
		w.t.Fatal(err)
	}
	w.put(lab.RecordKey(name), value)
}

// peer puts an attachment of a host.
func (w *world) peer(host, name string, addresses ...string) {
	w.put(lab.HostPrefix(host)+name+"/eth0", fmt.Sprintf(`{"addresses":["%s"],"names":[%q]}`, strings.Join(addresses, `","`), name))
}

// TestDecide: who is believed what. Each line of the result is "host: name addresses", or "host? reason×count".
func TestDecide(t *testing.T) {
	for _, c := range []struct {
		name  string
		rules func(*Rules)
		fill  func(*world)
		want  []string
	}{
		{"names of two hosts", nil, func(w *world) {
			w.host("me", "10.231.1.0/24")
			w.host("h2", "10.231.2.0/24")
			w.host("h3", "10.231.3.0/24", "fd00:3::/64")
			w.peer("me", "mine", "10.231.1.2")
			w.peer("h3", "db", "10.231.3.2", "fd00:3::2")
			w.peer("h2", "web", "10.231.2.2")
			w.peer("h2", "api", "10.231.2.3")
		}, []string{"h2: web 10.231.2.2", "h2: api 10.231.2.3", "h3: db 10.231.3.2 fd00:3::2"}},
		{"another's address, and one of nobody", nil, func(w *world) {
			w.host("h2", "10.231.2.0/24")
			w.host("h3", "10.231.3.0/24")
			w.peer("h2", "web", "10.231.3.2")
			w.peer("h2", "api", "10.231.2.3", "192.0.2.1")
		}, []string{"h2: api 10.231.2.3", "h2? outside×2"}},
		{"my own range and my own container", nil, func(w *world) {
			w.host("h2", "10.231.2.0/24")
			w.host("h3", "10.231.9.0/24")
			w.peer("h2", "web", "10.231.1.2")
			w.peer("h3", "db", "10.231.9.9")
		}, []string{"h2? own×1", "h3? own×1"}},
		{"two hosts, one subnet: the first counts", nil, func(w *world) {
			w.host("h3", "10.231.2.0/24")
			w.host("h2", "10.231.2.128/25", "10.231.4.0/24")
			w.host("h4", "10.231.4.0/24")
			w.peer("h2", "web", "10.231.2.200", "10.231.4.2")
			w.peer("h3", "db", "10.231.2.2")
			w.peer("h4", "api", "10.231.4.3")
		}, []string{"h3: db 10.231.2.2", "h4: api 10.231.4.3", "h2? overlap×1"}},
		{"my subnet is another's, and I was second", nil, func(w *world) {
			w.host("h2", "10.231.1.0/24")
			w.host("me", "10.231.1.0/24")
			w.peer("h2", "web", "10.231.1.3")
		}, []string{"h2? own×1", "me? overlap×1"}},
		{"my subnet is another's, and I was first", nil, func(w *world) {
			w.host("me", "10.231.1.0/24")
			w.host("h2", "10.231.1.0/24")
			w.peer("h2", "web", "10.231.1.3")
		}, []string{"h2? overlap×1"}},
		{"my subnet is another's, and I have not said so yet", nil, func(w *world) {
			w.host("h2", "10.231.0.0/16")
			w.peer("h2", "web", "10.231.1.3")
			w.peer("h2", "api", "10.231.2.3")
		}, []string{"h2: api 10.231.2.3", "h2? own×1", "me? overlap×1"}},
		{"a host that wants everything", func(r *Rules) { r.Within = must(t, "10.231.0.0/16") }, func(w *world) {
			w.host("evil", "0.0.0.0/0", "10.231.66.0/24")
			w.host("h2", "10.231.2.0/24")
			w.peer("evil", "web", "10.231.2.2", "192.0.2.1", "10.231.66.2")
			w.peer("h2", "web", "10.231.2.2")
		}, []string{"h2: web 10.231.2.2", "evil: web 10.231.66.2", "evil? outside×3"}},
		{"the administrator's word", nil, func(w *world) {
			w.put(lab.RangesKey("h2"), `["10.231.2.0/24"]`)
			w.put(lab.RangesKey("me"), `["10.231.1.0/24"]`)
			w.host("evil", "10.231.2.0/24")
			w.host("h2", "10.0.0.0/8")
			w.peer("evil", "web", "10.231.2.9")
			w.peer("h2", "web", "10.231.2.2", "10.231.3.3")
		}, []string{"h2: web 10.231.2.2", "evil? ungranted×1", "h2? outside×1"}},
		{"the administrator's word that cannot be read", nil, func(w *world) {
			w.put(lab.RangesKey("h2"), `"10.231.2.0/24"`)
			w.host("h2", "10.231.2.0/24")
			w.peer("h2", "web", "10.231.2.2")
		}, []string{"h2? malformed×1", "h2? ungranted×1", "me? ungranted×1"}},
		{"the administrator's word in parts", nil, func(w *world) {
			w.put(lab.RangesKey("me"), `["10.231.1.0/25","10.231.1.128/25"]`)
			w.put(lab.RangesKey("h2"), `["10.231.2.0/24"]`)
			w.host("h2", "10.231.2.0/24")
			w.peer("h2", "web", "10.231.2.2")
		}, []string{"h2: web 10.231.2.2"}},
		{"a range in two parts of the network", func(r *Rules) { r.Within = must(t, "10.231.2.0/25", "10.231.2.128/25") }, func(w *world) {
			w.host("h2", "10.231.2.0/24")
			w.peer("h2", "web", "10.231.2.2")
		}, []string{"h2: web 10.231.2.2"}},
		{"one allocator", func(r *Rules) { r.Shared, r.Own = true, nil }, func(w *world) {
			w.host("h3")
			w.host("h2")
			w.peer("h3", "old", "10.231.2.2")
			w.peer("h2", "new", "10.231.2.2", "10.231.2.3")
			w.peer("h2", "mine", "10.231.9.9")
		}, []string{"h2: new 10.231.2.3", "h3: old 10.231.2.2", "h2? own×1", "h2? taken×1"}},
		{"one address in many attachments", nil, func(w *world) {
			w.host("h2", "10.231.2.0/24")
			w.peer("h2", "b", "10.231.2.2")
			w.peer("h2", "a", "10.231.2.2", "10.231.2.3")
			w.peer("h2", "c", "10.231.2.3", "10.231.2.2")
		}, []string{"h2: b 10.231.2.2", "h2: a 10.231.2.3", "h2? taken×3"}},
		{"one allocator, and one address in many attachments", func(r *Rules) { r.Shared, r.Own = true, nil }, func(w *world) {
			w.host("h2")
			w.host("h3")
			w.peer("h3", "b", "10.231.2.2")
			w.peer("h2", "a", "10.231.2.2")
			w.peer("h3", "c", "10.231.2.2")
		}, []string{"h3: b 10.231.2.2", "h2? taken×1", "h3? taken×1"}},
		{"an address whose first claim has gone", nil, func(w *world) {
			w.host("h2", "10.231.2.0/24")
			w.peer("h2", "b", "10.231.2.2")
			w.peer("h2", "a", "10.231.2.2")
			w.state.Delete(lab.HostPrefix("h2") + "b/eth0")
		}, []string{"h2: a 10.231.2.2"}},
		{"no ranges, and no one allocator", nil, func(w *world) {
			w.host("h2")
			w.peer("h2", "web", "10.231.2.2")
		}, []string{"h2? outside×1"}},
		{"no record", nil, func(w *world) {
			w.peer("h2", "web", "10.231.2.2")
			w.host("h3", "10.231.3.0/24")
			w.put(lab.RecordKey("h3"), "garbage")
			w.peer("h3", "db", "10.231.3.2")
		}, []string{"h2? record×1", "h3? malformed×1", "h3? record×1"}},
		{"malformed values and keys", nil, func(w *world) {
			w.host("h2", "10.231.2.0/24")
			w.put(lab.HostPrefix("h2")+"web/eth0", "garbage")
			w.put(lab.HostPrefix("h2")+"web/eth0/x", "")
			w.put(lab.Prefix()+"\x1b[2J/web/eth0", "")
			w.peer("h2", "localhost", "10.231.2.3")
			w.peer("h2", "db", "10.231.2.2")
			w.put(lab.HostPrefix("h2")+"long/averylonginterfacename", `{"addresses":["10.231.2.4"],"names":["long"]}`)
		}, []string{"h2: db 10.231.2.2", "? malformed×1", "h2? malformed×4"}},
		{"names of the world", nil, func(w *world) {
			w.host("h2", "10.231.2.0/24")
			w.put(lab.HostPrefix("h2")+"web/eth0", `{"addresses":["10.231.2.2"],"names":["web","web.corp.example","web.example.com","localhost"]}`)
			w.put(lab.HostPrefix("h2")+"api/eth0", `{"addresses":["10.231.2.3"],"names":["api.corp.example"]}`)
		}, []string{"h2: web 10.231.2.2", "h2? malformed×1", "h2? qualified×3"}},
		{"a host with too much", nil, func(w *world) {
			w.host("h2", "10.231.0.0/16")
			for i := range maxKept + 7 {
				w.peer("h2", fmt.Sprintf("c%d", i), "127.0.0.1")
			}
		}, []string{"h2? malformed×2200", "h2? toomany×7", "me? overlap×1"}},
		{"containers of this host that others do not believe", func(r *Rules) {
			r.Published = []netip.Addr{netip.MustParseAddr("10.231.1.2"), netip.MustParseAddr("10.231.9.9"), netip.MustParseAddr("fe80::1"), netip.MustParseAddr("10.231.9.8")}
		}, func(*world) {}, []string{"me? outside×2"}},
		{"where they were granted other addresses", func(r *Rules) {
			r.Published = []netip.Addr{netip.MustParseAddr("10.231.1.2"), netip.MustParseAddr("10.231.9.9"), netip.MustParseAddr("10.231.8.9")}
		}, func(w *world) { w.put(lab.RangesKey("me"), `["10.231.9.0/24"]`) }, []string{"me? outside×1", "me? ungranted×1"}},
		{"where no host has addresses of its own", func(r *Rules) {
			r.Shared, r.Published = true, []netip.Addr{netip.MustParseAddr("10.231.9.9")}
		}, func(*world) {}, nil},
	} {
		rules := Rules{Self: "me", MaxNames: 9999, Own: must(t, "10.231.1.0/24"), Addresses: map[netip.Addr]bool{netip.MustParseAddr("10.231.9.9"): true}}
		if c.rules != nil {
			c.rules(&rules)
		}
		w := &world{t: t, state: NewState(lab, false)}
		c.fill(w)
		d := w.state.Decide(rules)
		if diff := cmp.Diff(slices.Sorted(slices.Values(c.want)), slices.Sorted(slices.Values(lines(d)))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

// lines returns a decision as TestDecide has it.
func lines(d Decision) []string {
	var out []string
	for host, peers := range d.Imports {
		for _, p := range peers {
			out = append(out, fmt.Sprintf("%s: %v %s", host, p.Names[0], strings.Trim(fmt.Sprint(p.Addresses), "[]")))
		}
	}
	for _, r := range d.Refused {
		out = append(out, fmt.Sprintf("%s? %s×%d", r.Host, r.Why, r.Count))
	}
	return out
}

// TestOrder: a host's peers come in the order in which they were published, whatever their names, and as many as count.
func TestOrder(t *testing.T) {
	w := &world{t: t, state: NewState(lab, false)}
	w.host("h2", "10.0.0.0/8")
	for i := range MaxPerHost + 50 {
		w.peer("h2", fmt.Sprintf("c%d", (i*7919)%100_000), fmt.Sprintf("10.%d.%d.%d", i>>16, i>>8&255, i&255))
	}
	d := w.state.Decide(Rules{Self: "me", MaxNames: MaxPerHost})
	peers := d.Imports["h2"]
	if len(peers) != MaxPerHost || d.Lines != MaxPerHost || d.Beyond > 0 || w.state.Short() {
		t.Fatalf("%d peers", len(peers))
	}
	for i, p := range peers {
		if want := fmt.Sprintf("c%d", (i*7919)%100_000); p.ID != want {
			t.Fatalf("peer %d is %s, want %s", i, p.ID, want)
		}
	}
}

// hostile fills a host with attachments of so many of its own addresses each, with names as long and as many as a value takes.
func hostile(w *world, host string, second, attachments, addresses int) {
	w.host(host, fmt.Sprintf("10.%d.0.0/16", second))
	var list []string
	for i := range 58 {
		list = append(list, fmt.Sprintf("n%02d%s.lab", i, strings.Repeat("."+strings.Repeat("x", 59), 4)))
	}
	for i := range attachments {
		var own []string
		for j := range addresses {
			n := i*addresses + j
			own = append(own, fmt.Sprintf("10.%d.%d.%d", second, n>>8, n&255))
		}
		value, err := json.Marshal(peerValue{own, list})
		if err != nil {
			w.t.Fatal(err)
		}
		w.put(lab.HostPrefix(host)+fmt.Sprintf("c%04d/eth0", i), string(value))
	}
}

// TestTooLarge: what one host says can be written into its file of the store; its oldest entries are there, and no other host lacks anything.
func TestTooLarge(t *testing.T) {
	w := &world{t: t, state: NewState(lab, false)}
	hostile(w, "h2", 2, 100, 16)
	w.host("h3", "10.3.0.0/16")
	w.peer("h3", "web", "10.3.0.2")
	d := w.state.Decide(Rules{Self: "me", MaxNames: 1000})
	if entries := d.Imports["h2"]; len(entries) == 0 || len(entries) > 90 || entries[0].ID != "c0000" || len(d.Imports["h3"]) != 1 ||
		len(d.Refused) != 1 || d.Refused[0].Why != TooLarge || d.Refused[0].Count != 100-len(entries) {
		t.Fatalf("%d of the hostile host, %v", len(entries), d.Refused)
	}
	hosts := map[string]remote.Host{}
	for name, entries := range d.Imports {
		var peers []remote.Peer
		for _, e := range entries {
			peers = append(peers, remote.Peer{ID: e.ID, IfName: e.IfName, Revision: e.Created, NetworkOnly: e.NetworkOnly, Addresses: e.Addresses, Names: e.Names})
		}
		hosts[name] = remote.Host{Peers: peers}
	}
	wanted := remote.Prepare(hosts)
	next, _, _ := remote.Step(nil, wanted, math.MaxInt)
	if err := wanted.Refused(); err != nil {
		t.Errorf("the store does not take what is believed: %v", err)
	}
	lines := 0
	for i := range next {
		if err := hostsstore.Dir(t.TempDir()).Namespace("default").WriteRemote("b", "lab", &next[i]); err != nil {
			t.Error(err)
		}
		lines += len(next[i].Lines)
	}
	if d.Lines != lines || d.Beyond == 0 || lines-d.Beyond > 1000 {
		t.Errorf("%d lines, of which %d are beyond: there are %d", d.Lines, d.Beyond, lines)
	}
}

// TestMemory: what is held of one host is bounded, whatever it writes, and so is what is said of it. When it has written less, all is to be read again.
func TestMemory(t *testing.T) {
	w := &world{t: t, state: NewState(lab, false)}
	hostile(w, "h2", 2, 1000, 1)
	sum := 0
	for _, e := range w.state.Hosts()[0].Entries {
		sum += e.memory()
	}
	if sum > maxHeld || w.state.Short() {
		t.Errorf("%d bytes are held, of at most %d", sum, maxHeld)
	}
	if d := w.state.Decide(Rules{Self: "me", MaxNames: 1000}); len(d.Imports["h2"]) == 0 {
		t.Errorf("nothing of the host is believed: %v", d.Refused)
	}
	for i := range 999 {
		w.state.Delete(lab.HostPrefix("h2") + fmt.Sprintf("c%04d/eth0", i))
	}
	if w.state.Delete(lab.HostPrefix("h2") + "c0999/eth0"); len(w.state.Hosts()) != 1 || len(w.state.Hosts()[0].Entries) > 0 {
		t.Errorf("left: %v", w.state.Hosts())
	}
	hostile(w, "h2", 2, 1000, 1)
	for i := range 100 {
		w.state.Delete(lab.HostPrefix("h2") + fmt.Sprintf("c%04d/eth0", i))
	}
	if !w.state.Short() {
		t.Error("what had no room is not read again")
	}
	w.put(lab.HostPrefix("h3")+"web/eth0", `{"addresses":["10.231.3.2"],"names":["`+strings.Repeat("x", MaxValue/2)+`"]}`)
	for _, r := range w.state.Decide(Rules{Self: "me", MaxNames: 1000}).Refused {
		if len(r.Message) > 1000 {
			t.Errorf("%d bytes are said of %s", len(r.Message), r.Host)
		}
	}
}

// TestSize: what an address takes in a hosts file is what is written for it.
func TestSize(t *testing.T) {
	for _, addr := range []string{"10.231.1.2", "1.1.1.1", "255.255.255.255", "fd00::2", "fd00:1111:2222:3333:4444:5555:6666:7777"} {
		for count := range MaxNames {
			var list []names.Name
			var texts []string
			for i := range count {
				text := fmt.Sprintf("n%d%s", i, strings.Repeat(".x", i*7%120))
				name, err := names.Parse(text)
				if err != nil {
					t.Fatal(err)
				}
				list, texts = append(list, name), append(texts, text)
			}
			text := etchosts.Format(netip.MustParseAddr(addr), texts)
			if lines, bytes := size(netip.MustParseAddr(addr), list); lines != strings.Count(text, "\n") || bytes != len(text) {
				t.Errorf("%s with %d names: %d lines, %d bytes, want\n%s", addr, count, lines, bytes, text)
			}
		}
	}
}

// TestShort: of a host with far too many attachments not all are held, and when others of it go all are to be read again.
func TestShort(t *testing.T) {
	w := &world{t: t, state: NewState(lab, false)}
	w.host("h2", "10.0.0.0/8")
	for i := range maxKept + 1 {
		w.peer("h2", fmt.Sprintf("c%d", i), "10.1.1.1")
	}
	for i := range maxKept - MaxPerHost + 1 {
		if w.state.Short() {
			t.Fatalf("short after %d have gone", i)
		}
		w.state.Delete(lab.HostPrefix("h2") + fmt.Sprintf("c%d/eth0", i))
	}
	if !w.state.Short() {
		t.Error("not short")
	}
}

// TestDelete: a state from which every key has gone holds nothing.
func TestDelete(t *testing.T) {
	w := &world{t: t, state: NewState(lab, false)}
	keys := []string{lab.RecordKey("h2"), lab.RangesKey("h2"), lab.HostPrefix("h2") + "web/eth0", lab.HostPrefix("h2") + "bad/eth0", lab.Prefix() + "strange"}
	w.host("h2", "10.231.2.0/24")
	w.put(keys[1], `["10.231.2.0/24"]`)
	w.peer("h2", "web", "10.231.2.2")
	w.put(keys[3], "garbage")
	w.put(keys[4], "")
	if r, revision := w.state.Record("h2"); r == nil || revision != 1 || r.Machine != "machine of h2" {
		t.Errorf("record %+v of revision %d", r, revision)
	}
	for _, key := range keys {
		w.state.Delete(key)
	}
	if diff := cmp.Diff(Decision{Imports: map[string][]Entry{}}, w.state.Decide(Rules{Self: "me"})); diff != "" || len(w.state.Hosts()) > 0 {
		t.Errorf("%v\n%s", w.state.Hosts(), diff)
	}
}
