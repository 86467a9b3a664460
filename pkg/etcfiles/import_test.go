package etcfiles

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/etcfiles/etcfiles/pkg/etchosts"
	"github.com/etcfiles/etcfiles/pkg/names"
	"github.com/etcfiles/etcfiles/pkg/remote"
	"github.com/etcfiles/etcfiles/pkg/request"
)

func (s *store) imports(hosts map[string]remote.Host) {
	s.t.Helper()
	if err := s.Import(context.Background(), "ns", "lab", hosts); err != nil {
		s.t.Fatal(err)
	}
}

// named is the i-th container of another host with one more name.
func named(i int, more string) remote.Peer {
	p := peer(i)
	name, err := names.Parse(more)
	if err != nil {
		panic(err)
	}
	p.Names = append(p.Names, name)
	return p
}

// listed returns the addresses of a name in the order of a hosts file.
func listed(t *testing.T, path, name string) []string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for line := range strings.Lines(string(b)) {
		etchosts.Names(line, func(addr netip.Addr, n string) {
			if n == name {
				out = append(out, addr.String())
			}
		})
	}
	return out
}

// TestImportOrder: of those who share a name containers here stand first, then those of other hosts in the order of their revisions, however
// they come; also after a lost index.
func TestImportOrder(t *testing.T) {
	s := newStore(t)
	s.add(key("web", "eth0", "lab"), 1)
	path := s.Dir.Namespace("ns").HostsPath("web")
	s.imports(map[string]remote.Host{"h3": {Peers: []remote.Peer{named(7, "db")}}})
	s.imports(map[string]remote.Host{"h2": {Peers: []remote.Peer{named(3, "db"), named(9, "db")}}})
	check := func(want ...string) {
		t.Helper()
		for _, path := range []string{path, s.Dir.Namespace("ns").NetworkPath("lab")} {
			if got := listed(t, path, "db"); !slices.Equal(got, want) {
				t.Errorf("%s has %q, want %q", path, got, want)
			}
		}
	}
	check("10.128.0.3", "10.128.0.7", "10.128.0.9")
	s.add(key("db", "eth0", "lab"), 2)
	check("10.0.0.2", "10.128.0.3", "10.128.0.7", "10.128.0.9")
	if err := s.Dir.Namespace("ns").DropIndex(); err != nil {
		t.Fatal(err)
	}
	s.imports(map[string]remote.Host{"h3": {Peers: []remote.Peer{named(8, "db"), named(7, "db")}}})
	check("10.0.0.2", "10.128.0.3", "10.128.0.7", "10.128.0.8", "10.128.0.9")
	s.imports(map[string]remote.Host{"h2": {}})
	s.del(key("db", "eth0", "lab"))
	check("10.128.0.7", "10.128.0.8")
}

// TestImportGrowth: containers of another host come and go for long, with an alias that one shares who stays, and so do containers here. No
// file outgrows its bound, and a reader never misses the one that stays.
func TestImportGrowth(t *testing.T) {
	s := newStore(t)
	clock := time.Hour
	s.now = func() time.Duration { clock += time.Second / 2; return clock }
	s.add(key("web", "eth0", "lab"), 1)
	n := s.Dir.Namespace("ns")
	files := []string{n.HostsPath("web"), n.NetworkPath("lab")}
	s.imports(map[string]remote.Host{"h1": {Peers: []remote.Peer{named(0, "svc")}}})

	done := make(chan struct{})
	var readers sync.WaitGroup
	for _, path := range files {
		readers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				if got := listed(t, path, "svc"); len(got) == 0 || got[0] != "10.128.0.0" {
					t.Errorf("%s: a reader has %q for svc", path, got)
					return
				}
				if got := listed(t, path, "remote0"); !slices.Equal(slices.Compact(got), []string{"10.128.0.0"}) {
					t.Errorf("%s: a reader has %q for remote0", path, got)
					return
				}
			}
		})
	}
	for i := 1; i < 600; i++ {
		peers := []remote.Peer{named(i, "svc")}
		for j := range 8 {
			peers = append(peers, peer(10_000+8*i+j))
		}
		s.imports(map[string]remote.Host{"h2": {Peers: peers}})
		if i%10 == 0 {
			s.add(key(fmt.Sprintf("c%d", i), "eth0", "lab"), 2)
			s.del(key(fmt.Sprintf("c%d", i), "eth0", "lab"))
		}
		if i%100 == 0 {
			if err := n.TakeIndex([]string{"lab"}); err != nil {
				t.Fatal(err)
			}
		}
	}
	close(done)
	readers.Wait()
	for _, path := range files {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Size() > 64<<10 {
			t.Errorf("%s has %d bytes", path, info.Size())
		}
	}
}

// TestImportInSlices: between the slices of a large import anybody gets the lock, and what the text files say is in the hosts files then.
func TestImportInSlices(t *testing.T) {
	s := newStore(t)
	s.add(key("web", "eth0", "lab"), 1)
	var peers []remote.Peer
	for i := range 6_000 {
		peers = append(peers, peer(i))
	}
	ended := make(chan error, 1)
	go func() {
		ended <- s.Import(context.Background(), "ns", "lab", map[string]remote.Host{"h2": {Revision: 9, Peers: peers}})
	}()
	between := 0
	for n := s.Dir.Namespace("ns"); ; {
		unlock, err := n.Lock(context.Background(), time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		remotes := n.Remotes(bootID(t), nil).Of("lab")
		hosts := s.hosts("web")
		if err := unlock(); err != nil {
			t.Fatal(err)
		}
		if len(remotes) == 0 {
			continue
		}
		lines := remotes[0].Lines
		for _, l := range []int{0, len(lines) / 2, len(lines) - 1} {
			if !strings.Contains(hosts, lines[l].Text) {
				t.Errorf("the hosts file lacks line %d of the text file, %q", l, lines[l].Text)
			}
		}
		if got := strings.Count(hosts, "10.128."); got != len(lines) {
			t.Errorf("the hosts file has %d lines, the text file %d", got, len(lines))
		}
		if len(lines) == len(peers) || t.Failed() {
			break
		}
		between++
	}
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if between == 0 {
		t.Error("nobody got the lock in between")
	}
	if got := s.Dir.Namespace("ns").Remotes(bootID(t), nil).Of("lab")[0].Revision; got != 9 {
		t.Errorf("revision %d", got)
	}
}

// TestImportRefuses: what cannot be imported is refused, and nothing is made of it.
func TestImportRefuses(t *testing.T) {
	s := newStore(t)
	for _, name := range []string{"../lab", ""} {
		if err := s.Import(context.Background(), "ns", name, nil); !errors.Is(err, request.ErrInvalid) {
			t.Errorf("network %q: %v", name, err)
		}
	}
	if list, err := filepath.Glob(filepath.Join(string(s.Dir), "*")); err != nil || len(list) > 0 {
		t.Errorf("%q, %v", list, err)
	}
}

// TestImportOfOthers: what one host has that cannot be imported or written is refused and said for that host. The others come in, and the
// index is there afterwards.
func TestImportOfOthers(t *testing.T) {
	s := newStore(t)
	s.add(key("web", "eth0", "lab"), 1)
	n := s.Dir.Namespace("ns")
	bad, loopback := peer(1), peer(2)
	bad.IfName = "averyveryverylonginterfacename"
	loopback.Addresses = []netip.Addr{netip.MustParseAddr("127.0.0.1")}
	s.imports(map[string]remote.Host{"h1": {Peers: []remote.Peer{peer(10)}}, "h4": {Peers: []remote.Peer{peer(40)}}})
	if err := errors.Join(os.Remove(n.RemotePath("lab", "h4")), os.MkdirAll(n.RemotePath("lab", "h4")+"/full", 0o755)); err != nil {
		t.Fatal(err)
	}
	err := s.Import(context.Background(), "ns", "lab", map[string]remote.Host{
		"h1": {}, "../h2": {Peers: []remote.Peer{peer(3)}}, "h3": {Peers: []remote.Peer{bad, peer(4), loopback}}, "h4": {Peers: []remote.Peer{peer(5)}},
		"h5": {Peers: []remote.Peer{peer(6)}},
	})
	var refusals remote.Refusals
	if !errors.As(err, &refusals) || len(refusals) != 3 {
		t.Fatalf("%v", err)
	}
	for i, want := range []remote.Refused{{Host: "../h2"}, {Host: "h3", Peers: 2}, {Host: "h4"}} {
		if got := refusals[i]; got.Host != want.Host || got.Peers != want.Peers || got.Why == nil {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
	for _, path := range []string{n.HostsPath("web"), n.NetworkPath("lab")} {
		for name, want := range map[string]bool{"remote10": false, "remote3": false, "remote1": false, "remote2": false, "remote4": true, "remote5": false, "remote6": true} {
			if got := len(listed(t, path, name)) == 1; got != want {
				t.Errorf("%s has %s: %t", path, name, got)
			}
		}
	}
	if ix := n.ReadIndex(bootID(t)); ix == nil || ix.Interrupted {
		t.Errorf("index %v", ix)
	}
}

// TestImportBesideWhatCannotBeWritten: where no file of another host can be made, an import ends, and operations here go on.
func TestImportBesideWhatCannotBeWritten(t *testing.T) {
	s := newStore(t)
	s.add(key("web", "eth0", "lab"), 1)
	if err := os.WriteFile(filepath.Join(string(s.Dir), "remote"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	var refused *remote.Refused
	var h remote.Host
	for i := range 9_000 { // several slices
		h.Peers = append(h.Peers, peer(i))
	}
	if err := s.Import(context.Background(), "ns", "lab", map[string]remote.Host{"h2": h}); !errors.As(err, &refused) || refused.Host != "h2" {
		t.Error(err)
	}
	s.add(key("db", "eth0", "lab"), 2)
	if got := listed(t, s.Dir.Namespace("ns").HostsPath("web"), "db"); len(got) != 1 {
		t.Errorf("%q", got)
	}
}
