package hostsstore

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func sample() *Index {
	ix := NewIndex("boot")
	ix.NextSequence = 9
	ix.Networks["lab"] = &Network{Number: 1, Hosts: FileID{1, 2, -3}}
	ix.Containers["web"] = &Container{
		ID: "web", Number: 0, Record: FileID{4, 5, 6}, Hosts: FileID{7, 8, 9},
		Netns:      Netns{Path: "/run/netns/a\tb\n", Device: 4, Inode: 1 << 40, MountNamespace: 3},
		Kubernetes: "shop", NoIPv6Loopback: true, UserNames: []string{"a", "b"},
		ExtraHosts: []ExtraHost{{"x", netip.MustParseAddr("192.0.2.1")}, {"x", netip.MustParseAddr("2001:db8::1")}},
		Created:    []string{HostsFile},
		Attachments: []Attachment{
			{Number: 3, Sequence: 8, Network: "lab", IfName: "eth0", Addresses: []netip.Addr{netip.MustParseAddr("10.0.0.2")}, Names: []string{"web", "web.lab"}},
			{Number: 0, Network: "back", IfName: "eth 1", Qualified: []string{"web.shop"}, Label: "w"},
		},
	}
	ix.Departed = []Departure{{ID: "api", Network: "lab", Names: []string{"api", "api.lab"}, When: time.Unix(1700000000, 0), Why: "network\tnamespace gone"}, {ID: "x"}}
	ix.Containers["db"] = &Container{ID: "db", Number: 2, Foreign: true}
	return ix
}

var address = cmpopts.EquateComparable(netip.Addr{})

func TestIndexRoundTrip(t *testing.T) {
	want := sample()
	got, err := decodeIndex(string(want.encode()))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, address); diff != "" {
		t.Error(diff)
	}
}

// TestIndexOfAnotherBoot: caches count for the boot that wrote them, and not when they are cut off.
func TestIndexOfAnotherBoot(t *testing.T) {
	n := Dir(t.TempDir()).Namespace("ns")
	if err := n.WriteIndex(sample()); err != nil {
		t.Fatal(err)
	}
	if n.ReadIndex("boot") == nil || n.ReadIndex("later") != nil {
		t.Error("the boot is not minded")
	}
	if err := n.TakeIndex(); err != nil {
		t.Fatal(err)
	}
	if n.ReadIndex("boot") != nil {
		t.Error("an index that was taken is there")
	}
	whole := string(sample().encode())
	for cut := range len(whole) {
		if _, err := decodeIndex(whole[:cut]); err == nil {
			t.Errorf("the first %d bytes of %d pass", cut, len(whole))
		}
	}
}

func TestOffsets(t *testing.T) {
	n := Dir(t.TempDir()).Namespace("ns")
	for _, fresh := range []bool{true, false} {
		o, err := n.OpenOffsets(4, fresh)
		if err != nil {
			t.Fatal(err)
		}
		for column := range 3 {
			for row := range 4 {
				if err := o.Set(column, row, uint32(100*column+row)); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := o.Flush(); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]uint32{200, 201, 202, 203}, o.Column(2)); diff != "" {
			t.Error(diff)
		}
		if err := o.Close(); err != nil {
			t.Fatal(err)
		}
	}
	o, err := n.OpenOffsets(4, false)
	if err != nil {
		t.Fatal(err)
	}
	if err := o.Widen(8, 3); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]uint32{100, 101, 102, 103, 0, 0, 0, 0}, o.Column(1)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(make([]uint32, 8), o.Column(99)); diff != "" {
		t.Error(diff)
	}
	o.Close()
}

// FuzzDecodeIndex: garbage is an error, never a crash, and what passes comes out again as it went in.
func FuzzDecodeIndex(f *testing.F) {
	f.Add(string(sample().encode()))
	f.Add("etcfiles-index-2\tb\t1\t1\nend\n")
	f.Fuzz(func(t *testing.T, s string) {
		ix, err := decodeIndex(s)
		if err != nil {
			return
		}
		again, err := decodeIndex(string(ix.encode()))
		if err != nil {
			t.Fatalf("%q: %v", ix.encode(), err)
		}
		if diff := cmp.Diff(ix, again, address, cmpopts.EquateEmpty()); diff != "" {
			t.Fatal(diff)
		}
	})
}

// BenchmarkIndex is what reading and writing the index costs every operation, with and without notes of departures.
func BenchmarkIndex(b *testing.B) {
	for _, departures := range []int{0, maxDeparted} {
		ix := NewIndex("boot")
		var names []string
		for i := range maxDepartedNames {
			names = append(names, fmt.Sprintf("a-longer-name-%d.example", i))
		}
		for i := range departures {
			ix.Depart(fmt.Sprintf("%064d", i), &Attachment{Network: "lab", Names: names}, "network namespace gone")
		}
		for i := range 1000 {
			id := fmt.Sprintf("%064d", i)
			ix.Containers[id] = &Container{
				ID: id, Number: i, Netns: Netns{Path: "/run/netns/" + id, Device: 4, Inode: 1 << 32, MountNamespace: 1 << 32},
				Created: []string{HostsFile, ResolvConfFile, HostnameFile},
				Attachments: []Attachment{{
					Number: i, Sequence: uint64(i), Network: "lab", IfName: "eth0",
					Addresses: []netip.Addr{netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)})}, Names: []string{id[:12], id[:12] + ".lab"},
				}},
			}
		}
		b.Run(fmt.Sprintf("departures=%d", departures), func(b *testing.B) {
			for b.Loop() {
				if _, err := decodeIndex(string(ix.encode())); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
