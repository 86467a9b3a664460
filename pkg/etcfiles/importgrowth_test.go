package etcfiles

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/etcfiles/etcfiles/pkg/names"
	"github.com/etcfiles/etcfiles/pkg/remote"
)

// giant is the i-th container of another host of those who all claim the same addresses, each with as many long names as it may have. With
// a word they have that name too.
func giant(i int, shared string) remote.Peer {
	p := remote.Peer{ID: fmt.Sprintf("giant%d", i), IfName: "eth0", Revision: int64(i + 1)}
	for j := range 16 {
		p.Addresses = append(p.Addresses, netip.AddrFrom4([4]byte{10, 200, 0, byte(j + 1)}))
	}
	add := func(text string) {
		name, err := names.Parse(text)
		if err != nil {
			panic(err)
		}
		p.Names = append(p.Names, name)
	}
	for j := range 58 {
		label := strings.Repeat("x", 60)
		add(fmt.Sprintf("n%d-%d.%s.%s.%s.%s.lab", i, j, label, label, label, label[:20]))
	}
	if shared != "" {
		add(shared)
	}
	return p
}

// TestImportGiants: another host may make many containers claim the same addresses with as many long names as can be, and let them follow one
// another. No container's file grows beyond four times the most that belonged into it.
func TestImportGiants(t *testing.T) {
	one := func(i int, shared string) map[string]remote.Host {
		return map[string]remote.Host{"h2": {Peers: []remote.Peer{giant(i, shared)}}}
	}
	for _, test := range []struct {
		name  string
		steps func(s *store)
	}{
		{"all go at once", func(s *store) {
			h := remote.Host{}
			for i := range 5 {
				h.Peers = append(h.Peers, giant(i, ""))
			}
			s.imports(map[string]remote.Host{"h2": h})
			s.imports(map[string]remote.Host{"h2": {}})
		}},
		{"one after the other", func(s *store) {
			for i := range 40 {
				s.imports(one(i, ""))
			}
			s.imports(map[string]remote.Host{"h2": {}})
		}},
		{"with a name that all have", func(s *store) {
			for i := range 40 {
				s.imports(one(i, "svc"))
			}
			s.imports(map[string]remote.Host{"h2": {}})
		}},
		{"the later one is older", func(s *store) {
			for i := range 40 {
				p := giant(i, "svc")
				p.Revision = int64(100 - i)
				s.imports(map[string]remote.Host{"h2": {Peers: []remote.Peer{p}}})
			}
			s.imports(map[string]remote.Host{"h2": {}})
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newStore(t)
			clock := time.Hour
			s.now = func() time.Duration { clock += 20 * time.Millisecond; return clock }
			s.pause = func(_ context.Context, d time.Duration) error { clock += d; return nil }
			s.add(key("web", "eth0", "lab"), 1)
			n := s.Dir.Namespace("ns")
			test.steps(s)
			limit := 4 * n.ReadIndex(bootID(t)).Containers["web"].Hosts.Most
			info, err := os.Stat(n.HostsPath("web"))
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%d bytes, limit %d", info.Size(), limit)
			if info.Size() > limit {
				t.Errorf("%d bytes, of which %d are four times the most that belonged into it", info.Size(), limit)
			}
			if hosts := s.hosts("web"); strings.Contains(hosts, "\n10.200.") {
				t.Error("a name stays")
			}
		})
	}
}
