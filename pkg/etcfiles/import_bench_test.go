package etcfiles

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"testing"
	"time"

	types100 "github.com/containernetworking/cni/pkg/types/100"
	"golang.org/x/sys/unix"

	"github.com/etcfiles/etcfiles/pkg/hostsstore"
	"github.com/etcfiles/etcfiles/pkg/names"
	"github.com/etcfiles/etcfiles/pkg/remote"
	"github.com/etcfiles/etcfiles/pkg/request"
	"github.com/etcfiles/etcfiles/pkg/roster"
)

// peer is the i-th container of another host.
func peer(i int) remote.Peer {
	name, err := names.Parse(fmt.Sprintf("remote%d", i))
	qualified, qualifiedErr := names.Parse(fmt.Sprintf("remote%d.lab", i))
	if err != nil || qualifiedErr != nil {
		panic(fmt.Sprint(err, qualifiedErr))
	}
	return remote.Peer{
		ID: fmt.Sprintf("%064d", i), IfName: "eth0", Revision: int64(i + 1),
		Addresses: []netip.Addr{netip.AddrFrom4([4]byte{10, 128 + byte(i>>16), byte(i >> 8), byte(i)})}, Names: []names.Name{name, qualified},
	}
}

// cpuTime returns how much of the processors this process has had.
func cpuTime(b *testing.B) time.Duration {
	var usage unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// BenchmarkImport: of a host with thousands of containers 17 go and 17 come, and 100 containers here have all of them in their files. The
// time is that of the one slice, all of which is under the lock; what is made ready before is not in it.
func BenchmarkImport(b *testing.B) {
	for _, n := range []int{2_000, 10_000} {
		b.Run(fmt.Sprintf("%d names", n), func(b *testing.B) {
			m := &Manager{Dir: hostsstore.Dir(b.TempDir()), Marker: "etcfiles", LockTimeout: time.Minute, Warnf: func(string, ...any) {}}
			ctx := context.Background()
			var peers []remote.Peer
			next := 0
			for range n {
				peers = append(peers, peer(next))
				next++
			}
			prepare := func() *imported {
				return &imported{network: "lab", wanted: remote.Prepare(map[string]remote.Host{"h2": {Peers: peers}})}
			}
			imports := func(i *imported) {
				if err := m.importPrepared(ctx, "ns", i); err != nil {
					b.Fatal(err)
				}
			}
			imports(prepare())
			for i := range 100 {
				id := fmt.Sprintf("c%d", i)
				ip := net.IPNet{IP: net.IPv4(10, 0, 0, byte(i+1)), Mask: net.CIDRMask(8, 32)}
				if _, err := m.Add(ctx, &request.Add{
					Key: key(id, "eth0", "lab"), Netns: "/none", Identity: roster.Identity{Name: id, Hostname: id},
					Result: &types100.Result{IPs: []*types100.IPConfig{{Address: ip}}},
				}); err != nil {
					b.Fatal(err)
				}
			}
			var took []time.Duration
			var cpu time.Duration
			for b.Loop() {
				b.StopTimer()
				for range 17 {
					at := (next * 7919) % len(peers)
					peers = append(slices.Delete(peers, at, at+1), peer(next))
					next++
				}
				i := prepare()
				b.StartTimer()
				start, before := time.Now(), cpuTime(b)
				imports(i)
				took = append(took, time.Since(start))
				cpu += cpuTime(b) - before
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "ms/median")
			b.ReportMetric(float64(took[len(took)-1].Microseconds())/1000, "ms/max")
			b.ReportMetric(float64(cpu.Microseconds())/1000/float64(len(took)), "cpu-ms/mean")
		})
	}
}
