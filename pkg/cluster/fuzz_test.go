package cluster

import (
	"net/netip"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/etcfiles/etcfiles/pkg/iprange"
	"github.com/etcfiles/etcfiles/pkg/names"
	"github.com/etcfiles/etcfiles/pkg/remote"
)

// FuzzDecode: whatever stands at a key, what is made of it is bounded, is names and addresses, and reads the same when it is published again.
func FuzzDecode(f *testing.F) {
	f.Add("h1/c0ffee/eth0", []byte(`{"addresses":["10.231.1.2","fd00::2"],"names":["web","web.lab"]}`), false)
	f.Add("h1/c0ffee/averylonginterfacename", []byte(`{"addresses":["10.231.1.2"],"names":["web"]}`), false)
	f.Add("h1/host", []byte(`{"machine":"m","boot":"b","ranges":["10.231.1.0/24","10.0.0.1-10.0.0.9"],"program":"1"}`), false)
	f.Add(".ranges/h1", []byte(`["10.231.1.0/24"]`), true)
	f.Fuzz(func(t *testing.T, rest string, value []byte, qualified bool) {
		k, err := lab.ParseKey(lab.Prefix() + rest)
		if err != nil {
			return
		}
		if CheckHost(k.Host) != nil {
			t.Fatalf("host %q", k.Host)
		}
		if record, err := DecodeRecord(value); err == nil {
			text, err := record.Encode()
			if again, err2 := DecodeRecord([]byte(text)); err != nil || utf8.Valid(value) && (err2 != nil && len(text) <= MaxValue || len(again.Ranges) != len(record.Ranges)) {
				t.Fatalf("%q: %v, %v", text, err, err2)
			}
		}
		if ranges, err := DecodeRanges(value); err == nil {
			for _, r := range ranges {
				if again, err := iprange.Parse(r.String()); err != nil || again != r || r.Last.Less(r.First) {
					t.Fatalf("%v: %v, %v", r, again, err)
				}
			}
		}
		p, _ := DecodePeer(lab, k, value, qualified)
		if p == nil || k.Kind != Attachment {
			return
		}
		if len(p.Names) == 0 || len(p.Names) > MaxNames || len(p.Addresses) == 0 || len(p.Addresses) > MaxAddresses {
			t.Fatalf("%+v", p)
		}
		err = remote.Prepare(map[string]remote.Host{k.Host: {Peers: []remote.Peer{{ID: p.ID, IfName: p.IfName, Addresses: p.Addresses, Names: p.Names}}}}).Refused()
		if err != nil {
			t.Fatalf("%+v is believed, and the store refuses it: %v", p, err)
		}
		a := Attached{Network: lab, ID: p.ID, IfName: p.IfName, Addresses: p.Addresses}
		for _, name := range p.Names {
			if _, err := names.Parse(name.String()); err != nil {
				t.Fatal(err)
			}
			if !qualified && strings.Contains(name.String(), ".") && !strings.HasSuffix(strings.ToLower(name.String()), ".lab") {
				t.Fatalf("%v", name)
			}
			a.Names = append(a.Names, name.String())
		}
		for _, addr := range p.Addresses {
			if !addr.IsGlobalUnicast() || addr.Is4In6() || addr.Zone() != "" {
				t.Fatalf("%v", addr)
			}
		}
		key, text, left, err := Encode(k.Host, a, qualified)
		again, unread := DecodePeer(lab, k, []byte(text), qualified)
		if err != nil || again == nil || len(unread) > 0 || key != lab.Prefix()+rest || len(left) == 0 && (len(again.Names) != len(p.Names) || len(again.Addresses) != len(p.Addresses)) {
			t.Fatalf("%s %s: %+v, %q, %v", key, text, again, unread, err)
		}
	})
}

// FuzzDecide: whatever hosts say, one byte after another, no address is taken over that is this host's, nor one that is not in the network, and
// no two hosts have one address.
func FuzzDecide(f *testing.F) {
	f.Add([]byte("\x00\x01\x02\x01\x11\x02\x02\x21\x03"), false, false)
	f.Add([]byte("\x00\x01\x07\x40\x01\x07\x01\x01\x07\x11\x07\x01"), true, false)
	f.Add([]byte("\x01\x01\x07\x02\x01\x07"), false, true)
	f.Fuzz(func(t *testing.T, script []byte, granted, shared bool) {
		s := NewState(lab, false)
		within, own := iprange.OfPrefix(netip.MustParsePrefix("10.0.0.0/28")), iprange.OfPrefix(netip.MustParsePrefix("10.0.0.4/30"))
		mine := netip.MustParseAddr("10.0.0.9")
		var revision int64
		for len(script) >= 3 {
			what, host, where := script[0], "h"+string('a'+rune(script[1]%5)), script[2]
			script = script[3:]
			revision++
			first := netip.AddrFrom4([4]byte{10, 0, 0, where % 32})
			r, err := iprange.Between(first, netip.AddrFrom4([4]byte{10, 0, 0, where%32 + where>>5}))
			if err != nil {
				t.Fatal(err)
			}
			switch what % 4 {
			case 0:
				text, _ := Record{Machine: "m", Ranges: []iprange.Range{r}}.Encode()
				s.Put(lab.RecordKey(host), []byte(text), revision, revision)
			case 1:
				_, text, _, _ := Encode(host, Attached{Network: lab, ID: "c", IfName: "e", Names: []string{"n"}, Addresses: []netip.Addr{first, first.Next()}}, false)
				s.Put(lab.HostPrefix(host)+"c/e"+string('0'+rune(what>>4%8)), []byte(text), revision, revision)
			case 2:
				s.Delete(lab.HostPrefix(host) + "c/e" + string('0'+rune(what>>4%8)))
			case 3:
				if text, _ := EncodeRanges([]iprange.Range{r}); granted {
					s.Put(lab.RangesKey(host), []byte(text), revision, revision)
				}
			}
		}
		d := s.Decide(Rules{Self: "ha", Own: []iprange.Range{own}, Addresses: map[netip.Addr]bool{mine: true}, Within: []iprange.Range{within}, Shared: shared, MaxNames: 3})
		owner, entries, inContainers := map[netip.Addr]string{}, 0, 0
		for host, peers := range d.Imports {
			if host == "ha" || len(peers) > MaxPerHost || len(peers) == 0 {
				t.Fatalf("%s: %v", host, peers)
			}
			for _, p := range peers {
				entries += len(p.Addresses)
				if !p.NetworkOnly {
					inContainers += len(p.Addresses)
				}
				for _, addr := range p.Addresses {
					if addr == mine || !within.Contains(addr) || !shared && own.Contains(addr) {
						t.Fatalf("%s has %v", host, addr)
					}
					if before, ok := owner[addr]; ok {
						t.Fatalf("%s has %v, which %s has", host, addr, before)
					}
					owner[addr] = host
				}
			}
		}
		if entries != d.Lines || entries-inContainers != d.Beyond || inContainers > 3 {
			t.Fatalf("%d lines, %d in containers: %d said, %d beyond", entries, inContainers, d.Lines, d.Beyond)
		}
	})
}
