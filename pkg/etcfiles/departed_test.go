package etcfiles

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	types100 "github.com/containernetworking/cni/pkg/types/100"
	"github.com/google/go-cmp/cmp"

	"github.com/etcfiles/etcfiles/pkg/hostsstore"
)

// index returns what the last operation left.
func (s *store) index() *hostsstore.Index {
	s.t.Helper()
	bootID, err := hostsstore.BootID()
	if err != nil {
		s.t.Fatal(err)
	}
	ix := s.Dir.Namespace("ns").ReadIndex(bootID)
	if ix == nil {
		s.t.Fatal("there is no index")
	}
	return ix
}

// departed returns who the index says has left, oldest first.
func (s *store) departed() []string {
	s.t.Helper()
	var list []string
	for _, d := range s.index().Departed {
		if age := time.Since(d.When); age < 0 || age > time.Minute {
			s.t.Errorf("%s left %v ago", d.ID, age)
		}
		list = append(list, fmt.Sprintf("%s %s %s: %s", d.ID, d.Network, strings.Join(d.Names, ","), d.Why))
	}
	return list
}

func (s *store) wantDeparted(when string, want ...string) {
	s.t.Helper()
	if diff := cmp.Diff(want, s.departed()); diff != "" {
		s.t.Errorf("%s: (-want +got)\n%s", when, diff)
	}
}

// TestDeparted: whoever leaves is remembered with the reason, until the same container is back on the network.
func TestDeparted(t *testing.T) {
	s := newStore(t)
	ctx := context.Background()
	s.add(key("stays", "eth0", "lab"), 1)
	s.wantDeparted("nobody has left")

	s.add(key("web", "eth0", "lab"), 2)
	s.add(key("web", "eth1", "back"), 3)
	s.del(key("web", "eth1", "back"))
	s.del(key("web", "eth0", "lab"))
	s.wantDeparted("DEL", "web back web,web.back: DEL", "web lab web,web.lab: DEL")
	s.add(key("web", "eth0", "lab"), 2)
	s.wantDeparted("back on one network", "web back web,web.back: DEL")

	s.add(key("web", "eth0", "back"), 4) // the same interface
	s.wantDeparted("on another network", "web lab web,web.lab: replaced by network back")

	n := s.Dir.Namespace("ns")
	r, err := n.ReadRecord("web")
	if err != nil {
		t.Fatal(err)
	}
	r.Etcfiles.Netns = hostsstore.Identify("/proc/self/ns/net") // it lives, and does not have the address
	if err := n.WriteRecord(r, false); err != nil {
		t.Fatal(err)
	}
	s.add(key("thief", "eth0", "back"), 4)
	if err := s.GC(ctx, "ns", "back", nil); err != nil {
		t.Fatal(err)
	}
	s.add(key("db", "eth0", "lab"), 5)
	if err := s.Remove(ctx, "ns", "db"); err != nil {
		t.Fatal(err)
	}
	s.wantDeparted("the rest", "web lab web,web.lab: replaced by network back", "web back web,web.back: address given to container thief",
		"thief back thief,thief.back: GC", "db lab db,db.lab: etcfiles rm")

	s.add(key("lost", "eth0", "lab"), 6)
	if err := os.RemoveAll(filepath.Join(s.Dir.Namespace("ns").RecordsDir(), "lost")); err != nil {
		t.Fatal(err)
	}
	s.add(key("damaged", "eth0", "lab"), 7)
	if err := os.WriteFile(filepath.Join(s.Dir.Namespace("ns").RecordsDir(), "damaged", "meta.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.del(key("absent", "eth0", "lab"))
	if got, want := s.departed()[4:], []string{"lost lab lost,lost.lab: record removed", "damaged lab damaged,damaged.lab: record corrupt"}; !cmp.Equal(got, want) {
		t.Errorf("without a record: %q, want %q", got, want)
	}
}

// TestDepartedDead: a network namespace that has gone, and one of an earlier boot, are reasons of their own.
func TestDepartedDead(t *testing.T) {
	s := newStore(t)
	s.add(key("stays", "eth0", "lab"), 1)
	for i, id := range []string{"dead", "old"} {
		s.add(key(id, "eth0", "lab"), byte(i+2))
		n := s.Dir.Namespace("ns")
		r, err := n.ReadRecord(id)
		if err != nil {
			t.Fatal(err)
		}
		if id == "old" {
			r.Etcfiles.BootID = "an earlier one"
		} else {
			r.Etcfiles.Netns = hostsstore.Netns{Path: t.TempDir() + "/gone", Device: 1, Inode: 1, MountNamespace: hostsstore.MountNamespace()}
		}
		if err := n.WriteRecord(r, false); err != nil {
			t.Fatal(err)
		}
		s.del(key("absent", "eth0", "lab"))
	}
	s.wantDeparted("both", "dead lab dead,dead.lab: network namespace gone", "old lab old,old.lab: earlier boot")
	s.forgetIndex()
	s.del(key("absent", "eth0", "lab"))
	s.wantDeparted("the index was lost")
}

// TestDepartedOfNerdctl: nerdctl takes networks out of its records by itself. An address that is given to one of ours proves
// nothing of a container whose network namespace is not known.
func TestDepartedOfNerdctl(t *testing.T) {
	s := newStore(t)
	s.add(key("stays", "eth0", "lab"), 1)
	result := func(ip byte) *types100.Result {
		return &types100.Result{CNIVersion: "1.0.0", IPs: []*types100.IPConfig{{Address: net.IPNet{IP: net.IPv4(10, 0, 0, ip), Mask: net.CIDRMask(24, 32)}}}}
	}
	r := &hostsstore.Record{Namespace: "ns", ID: "theirs", Name: "theirs", Networks: map[string]*types100.Result{"lab": result(8), "back": result(9)}}
	for range 2 {
		if err := s.Dir.Namespace("ns").WriteRecord(r, false); err != nil {
			t.Fatal(err)
		}
		s.del(key("absent", "eth0", "lab"))
		delete(r.Networks, "back")
	}
	s.wantDeparted("one network less", "theirs back theirs,theirs.back: record changed")
	s.add(key("heir", "eth0", "lab"), 8)
	s.wantDeparted("its address is another's too", "theirs back theirs,theirs.back: record changed")
}

// TestDepartedAfterRepair: neither who mends the store by hand nor an ADD that fails forgets anybody.
func TestDepartedAfterRepair(t *testing.T) {
	s := newStore(t)
	s.add(key("stays", "eth0", "lab"), 1)
	s.add(key("web", "eth0", "lab"), 2)
	s.del(key("web", "eth0", "lab"))
	if err := os.Chmod(s.Dir.Namespace("ns").HostsPath("stays"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.Repair(context.Background(), "ns", func() error { return nil }); err != nil {
		t.Fatal(err)
	}
	s.wantDeparted("after a repair", "web lab web,web.lab: DEL")
	s.failingAdd("new")
	s.wantDeparted("after an ADD that failed", "web lab web,web.lab: DEL")
}

// TestDepartedIsBounded: what every operation reads and writes does not grow with the history of the namespace.
func TestDepartedIsBounded(t *testing.T) {
	ix := hostsstore.NewIndex("b")
	var names []string
	for i := range 100 {
		names = append(names, fmt.Sprintf("n%d", i))
		ix.Depart(fmt.Sprintf("c%d", i), &hostsstore.Attachment{Network: "lab", Names: names}, "DEL")
	}
	last := ix.Departed[len(ix.Departed)-1]
	if len(ix.Departed) != 64 || ix.Departed[0].ID != "c36" || last.ID != "c99" || len(last.Names) != 16 || last.Names[15] != "n15" {
		t.Errorf("%d are kept from %s to %s, with %d names", len(ix.Departed), ix.Departed[0].ID, last.ID, len(last.Names))
	}
}
