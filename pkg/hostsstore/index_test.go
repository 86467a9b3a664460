package hostsstore

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func sample() *Index {
	ix := NewIndex("boot")
	ix.NextSequence, ix.Looked = 9, time.Minute
	ix.Networks["lab"] = &Hosts{State: FileID{1, 2, -3}, Belongs: 40, Most: 80, User: 7, Rooms: []Room{{100, 30}, {4096, 4096}}, Gathered: time.Hour}
	ix.Containers["web"] = &Container{
		ID: "web", Record: FileID{4, 5, 6}, Hosts: Hosts{State: FileID{7, 8, 9}, User: 3},
		Netns:      Netns{Path: "/run/netns/a\tb\n", Device: 4, Inode: 1 << 40, MountNamespace: 3},
		Kubernetes: "shop", NoIPv6Loopback: true, UserNames: []string{"a", "b"},
		Adopted:    []Adopted{{Address: netip.MustParseAddr("10.0.0.1"), Names: []string{"a.b", "a"}, Own: true}, {Address: netip.MustParseAddr("::1"), Names: []string{"c"}}},
		ExtraHosts: []ExtraHost{{"x", netip.MustParseAddr("192.0.2.1")}, {"x", netip.MustParseAddr("2001:db8::1")}},
		Created:    []string{HostsFile},
		Attachments: []Attachment{
			{Sequence: 8, Network: "lab", IfName: "eth0", Addresses: []netip.Addr{netip.MustParseAddr("10.0.0.2")}, Names: []string{"web", "web.lab"}},
			{Network: "back", IfName: "eth 1", Qualified: []string{"web.shop"}, Own: []string{"web"}, World: []string{"web.shop", "web.shop.pod"}, Label: "w"},
		},
	}
	ix.Departed = []Departure{{ID: "api", Network: "lab", Names: []string{"api", "api.lab"}, When: time.Unix(1700000000, 0), Why: "network\tnamespace gone"}, {ID: "x"}}
	ix.Containers["db"] = &Container{ID: "db", Foreign: true, Owner: &Owner{UID: 100000, GID: 4294967294}}
	return ix
}

// encoded is an index with few containers as a file has it.
func encoded(ix *Index) []byte { return ix.encode(ix.split()) }

var address = cmp.Options{cmpopts.EquateComparable(netip.Addr{}), cmpopts.IgnoreUnexported(Index{})}

func TestIndexRoundTrip(t *testing.T) {
	want := sample()
	got, err := decodeIndex(string(encoded(want)))
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
	if err := n.TakeIndex(nil); err != nil {
		t.Fatal(err)
	}
	if _, err := n.LoadIndex("boot"); err == nil {
		t.Error("an index that was taken is there")
	}
	whole := string(encoded(sample()))
	for cut := range len(whole) {
		if _, err := decodeIndex(whole[:cut]); err == nil {
			t.Errorf("the first %d bytes of %d pass", cut, len(whole))
		}
	}
}

// TestTakenIndex: of an operation that was interrupted the next one knows which networks it was about, also of two.
func TestTakenIndex(t *testing.T) {
	n := Dir(t.TempDir()).Namespace("ns")
	if err := n.WriteIndex(sample()); err != nil {
		t.Fatal(err)
	}
	want := sample()
	want.Interrupted = true
	for _, networks := range [][]string{{"lab", "a\tb"}, nil, {"back"}} {
		if err := n.TakeIndex(networks); err != nil {
			t.Fatal(err)
		}
		want.Taken = append(want.Taken, networks...)
		if _, err := n.LoadIndex("boot"); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("an index that was taken is there: %v", err)
		}
		if diff := cmp.Diff(want, n.ReadIndex("boot"), address); diff != "" {
			t.Error(diff)
		}
	}
	if n.ReadIndex("later") != nil {
		t.Error("a taken index of another boot counts")
	}
	if err := n.WriteIndex(sample()); err != nil {
		t.Fatal(err)
	}
	if ix := n.ReadIndex("boot"); ix == nil || ix.Interrupted {
		t.Errorf("after WriteIndex: %v", ix)
	}
	if err := errors.Join(n.TakeIndex(nil), n.DropIndex()); err != nil || n.ReadIndex("boot") != nil {
		t.Errorf("after DropIndex there is an index, %v", err)
	}
	if err := n.TakeIndex([]string{"lab"}); err != nil || n.ReadIndex("boot") != nil {
		t.Errorf("without an index nothing can be taken: %v", err)
	}
}

// TestUserNamesOnce: one list that many containers have stands in the index once, and lists that are too long make their
// files be read again.
func TestUserNamesOnce(t *testing.T) {
	list := func(from int) []string {
		var names []string
		for i := range 20_000 {
			names = append(names, fmt.Sprintf("name%06d", from+i))
		}
		return names
	}
	ix := NewIndex("boot")
	for i := range 40 {
		id := fmt.Sprint(i)
		ix.Containers[id] = &Container{ID: id, UserNames: list(0), Hosts: Hosts{State: FileID{1, 2, 3}}}
	}
	ix.Containers["other"] = &Container{ID: "other", UserNames: list(1), Hosts: Hosts{State: FileID{1, 2, 3}}}
	ix.Containers["third"] = &Container{ID: "third", UserNames: list(2), Hosts: Hosts{State: FileID{1, 2, 3}}}
	text := encoded(ix)
	if len(text) > maxUserNames+8<<10 {
		t.Errorf("the index has %d bytes", len(text))
	}
	got, err := decodeIndex(string(text))
	if err != nil {
		t.Fatal(err)
	}
	kept := 0
	for id, c := range got.Containers {
		switch {
		case c.Hosts.State == FileID{} && c.UserNames == nil:
		case cmp.Equal(c.UserNames, ix.Containers[id].UserNames):
			kept++
		default:
			t.Errorf("container %s has %d names", id, len(c.UserNames))
		}
	}
	if kept == 0 || kept > 41 {
		t.Errorf("%d lists are kept", kept)
	}
}

// FuzzDecodeIndex: garbage is an error, never a crash, and what passes comes out again as it went in.
func FuzzDecodeIndex(f *testing.F) {
	f.Add(string(encoded(sample())))
	f.Add("etcfiles-index-3\tb\t1\t1\nend\n")
	f.Add(string(encoded(sample())) + string(encodeTaken([]string{"lab", "a b"})))
	f.Fuzz(func(t *testing.T, s string) {
		ix, err := decodeIndex(s)
		if err != nil {
			return
		}
		ix.Interrupted, ix.Taken = false, nil
		again, err := decodeIndex(string(encoded(ix)))
		if err != nil {
			t.Fatalf("%q: %v", encoded(ix), err)
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
				ID: id, Netns: Netns{Path: "/run/netns/" + id, Device: 4, Inode: 1 << 32, MountNamespace: 1 << 32},
				Created: []string{HostsFile, ResolvConfFile, HostnameFile},
				Attachments: []Attachment{{
					Sequence: uint64(i), Network: "lab", IfName: "eth0",
					Addresses: []netip.Addr{netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)})}, Names: []string{id[:12], id[:12] + ".lab"},
				}},
			}
		}
		b.Run(fmt.Sprintf("departures=%d", departures), func(b *testing.B) {
			for b.Loop() {
				if _, err := decodeIndex(string(encoded(ix))); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// TestIndexMayGo: the index is deleted at any moment, by itself, with its directory or with that of all namespaces. It is
// written nevertheless, or there is none afterwards.
func TestIndexMayGo(t *testing.T) {
	n := Dir(t.TempDir()).Namespace("ns")
	over := make(chan struct{})
	var deleting sync.WaitGroup
	deleting.Go(func() {
		for {
			for _, path := range []string{n.IndexPath(), n.indexDir(), filepath.Dir(n.indexDir())} {
				select {
				case <-over:
					return
				default:
					_ = os.RemoveAll(path) // not if somebody has made a file in it meanwhile
				}
			}
		}
	})
	defer deleting.Wait()
	defer close(over)
	for range 500 {
		if err := n.TakeIndex([]string{"lab"}); err != nil {
			t.Fatal(err)
		}
		if err := n.WriteIndex(NewIndex("boot")); err != nil {
			t.Fatal(err)
		}
		if err := n.NoteHolder(&lateError{holder: 1}); err != nil {
			t.Fatal(err)
		}
	}
}
