package inspect

import (
	"context"
	"net"
	"testing"
	"time"

	types100 "github.com/containernetworking/cni/pkg/types/100"

	"github.com/etcfiles/etcfiles/pkg/etcfiles"
	"github.com/etcfiles/etcfiles/pkg/hostsstore"
	"github.com/etcfiles/etcfiles/pkg/request"
	"github.com/etcfiles/etcfiles/pkg/roster"
)

// store is an inspector over a data directory of its own.
type store struct {
	*Inspector
	t *testing.T
}

func newStore(t *testing.T) *store {
	return &store{t: t, Inspector: Of(&etcfiles.Manager{
		Dir: hostsstore.Dir(t.TempDir()), Marker: "etcfiles", LockTimeout: time.Minute, Warnf: t.Logf,
	})}
}

func key(id, ifName, network string) request.Key {
	return request.Key{Namespace: "ns", ContainerID: id, IfName: ifName, Network: network}
}

func (s *store) add(k request.Key, last byte) {
	s.t.Helper()
	ip := net.IPNet{IP: net.IPv4(10, 0, 0, last), Mask: net.CIDRMask(24, 32)}
	if _, err := s.Add(context.Background(), &request.Add{
		Key: k, Netns: "/none", Identity: roster.Identity{Name: k.ContainerID, Hostname: k.ContainerID},
		Result: &types100.Result{IPs: []*types100.IPConfig{{Address: ip}}},
	}); err != nil {
		s.t.Fatal(err)
	}
}

func (s *store) del(k request.Key) {
	s.t.Helper()
	if err := s.Del(context.Background(), k); err != nil {
		s.t.Fatal(err)
	}
}
