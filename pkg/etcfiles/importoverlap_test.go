package etcfiles

import (
	"context"
	"net"
	"testing"

	types100 "github.com/containernetworking/cni/pkg/types/100"

	"github.com/etcfiles/etcfiles/pkg/remote"
	"github.com/etcfiles/etcfiles/pkg/request"
	"github.com/etcfiles/etcfiles/pkg/roster"
)

// TestImportOverlap: a line that two networks have stands in the file of a container on both for as long as one of them has it, once, whatever
// takes it from the other, and whichever of them has it for the network's file only. No name of a network says anything.
func TestImportOverlap(t *testing.T) {
	for _, other := range []string{"back", "world"} {
		t.Run(other, func(t *testing.T) { importOverlap(t, other) })
	}
}

func importOverlap(t *testing.T, other string) {
	s := newStore(t)
	imports := func(network string, h remote.Host) {
		t.Helper()
		if err := s.Import(context.Background(), "ns", network, map[string]remote.Host{"h2": h}); err != nil {
			t.Fatal(err)
		}
	}
	only := named(3, "foo")
	only.NetworkOnly = true
	with, without, networkOnly := remote.Host{Peers: []remote.Peer{named(3, "foo")}}, remote.Host{}, remote.Host{Peers: []remote.Peer{only}}
	s.add(key("web", "eth0", "lab"), 1)
	s.add(key("web", "eth1", other), 2)
	path := s.Dir.Namespace("ns").HostsPath("web")
	check := func(when string, want int) {
		t.Helper()
		if got := listed(t, path, "foo"); len(got) != want {
			t.Errorf("%s: %q", when, got)
		}
		s.Report = &Report{}
		if err := s.Repair(context.Background(), "ns", func() error { return nil }); err != nil || s.Report.Files > 0 {
			t.Errorf("%s: %v; a repair has changed %d files", when, err, s.Report.Files)
		}
	}
	imports("lab", with)
	check("one has it", 1)
	imports(other, with)
	check("both have it", 1)
	imports("lab", without)
	check("it has gone from one", 1)
	imports("lab", with)
	imports(other, networkOnly)
	check("one has it, the other for the network's file", 1)
	imports(other, with)
	imports("lab", networkOnly)
	check("the other way round", 1)
	imports("lab", with)
	heir := request.Add{Key: key("heir", "eth0", "lab"), Netns: "/none", Identity: roster.Identity{Name: "heir", Hostname: "heir"}}
	heir.Result = &types100.Result{IPs: []*types100.IPConfig{{Address: net.IPNet{IP: net.IPv4(10, 128, 0, 3), Mask: net.CIDRMask(8, 32)}}}}
	if _, err := s.Add(context.Background(), &heir); err != nil {
		t.Fatal(err)
	}
	check("a container on one has its address", 1)
	s.del(key("heir", "eth0", "lab"))
	check("and has gone", 1)
	imports(other, without)
	imports("lab", without)
	check("neither has it", 0)
}
