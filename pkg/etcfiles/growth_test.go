package etcfiles

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	types100 "github.com/containernetworking/cni/pkg/types/100"

	"github.com/etcfiles/etcfiles/pkg/request"
	"github.com/etcfiles/etcfiles/pkg/roster"
)

// replica adds a container that shares the alias svc with others.
func (s *store) replica(n int) request.Key {
	s.t.Helper()
	k := key(fmt.Sprintf("replica%06d", n), "eth0", "lab")
	ip := net.IPNet{IP: net.IPv4(10, 1, byte(n>>8), byte(n)), Mask: net.CIDRMask(8, 32)}
	if _, err := s.Add(context.Background(), &request.Add{
		Key: k, Netns: "/none", Identity: roster.Identity{Name: k.ContainerID, Hostname: k.ContainerID}, Aliases: []string{"svc"},
		Result: &types100.Result{IPs: []*types100.IPConfig{{Address: ip}}},
	}); err != nil {
		s.t.Fatal(err)
	}
	return k
}

// TestGrowth: containers that share an alias with one that stays are replaced, start-first and stop-first, now and then
// with an operation that was cut off in between. No file outgrows its bound by more than what a grace time brings, and
// the oldest of those who share the alias stands first.
func TestGrowth(t *testing.T) {
	for _, startFirst := range []bool{true, false} {
		t.Run(fmt.Sprintf("start first %t", startFirst), func(t *testing.T) {
			s := newStore(t)
			s.Warnf = func(format string, args ...any) {
				if text := fmt.Sprintf(format, args...); !strings.Contains(text, "nameserver") {
					t.Error(text)
				}
			}
			clock := time.Hour
			s.now = func() time.Duration { clock += time.Second / 2; return clock }
			s.add(key("web", "eth0", "lab"), 1)
			stays := s.replica(0)
			n := s.Dir.Namespace("ns")
			last := s.replica(1)
			for i := 2; i < 1_200; i++ {
				if startFirst {
					next := s.replica(i)
					s.del(last)
					last = next
				} else {
					s.del(last)
					last = s.replica(i)
				}
				if i%300 == 0 {
					if err := n.TakeIndex([]string{"lab"}); err != nil {
						t.Fatal(err)
					}
				}
			}
			for _, path := range []string{n.HostsPath("web"), n.HostsPath(stays.ContainerID), n.NetworkPath("lab")} {
				data, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				if len(data) > 64<<10 {
					t.Errorf("%s has %d bytes", path, len(data))
				}
				live := string(data)
				if first, second := strings.Index(live, "replica000000"), strings.Index(live, last.ContainerID); second < first {
					t.Errorf("%s: the newer one stands first", path)
				}
				if n := strings.Count(live, "replica"); n != 4 && n != 6 && n != 8 { // two lines, or some twice
					t.Errorf("%s has %d words", path, n)
				}
			}
			if _, err := os.Stat(n.HostsPath("replica000002")); !errors.Is(err, fs.ErrNotExist) {
				t.Error(err)
			}
		})
	}
}
