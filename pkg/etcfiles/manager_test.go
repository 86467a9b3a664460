package etcfiles

import (
	"context"
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	types100 "github.com/containernetworking/cni/pkg/types/100"

	"github.com/etcfiles/etcfiles/pkg/hostsstore"
	"github.com/etcfiles/etcfiles/pkg/request"
	"github.com/etcfiles/etcfiles/pkg/roster"
)

// store is a manager over a data directory of its own.
type store struct {
	*Manager
	t *testing.T
}

func newStore(t *testing.T) *store {
	return &store{t: t, Manager: &Manager{
		Dir: hostsstore.Dir(t.TempDir()), Marker: "etcfiles", LockTimeout: time.Minute, Warnf: t.Logf,
	}}
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

func (s *store) hosts(id string) string {
	s.t.Helper()
	b, err := os.ReadFile(s.Dir.Namespace("ns").HostsPath(id))
	if err != nil {
		s.t.Fatal(err)
	}
	return string(b)
}

// TestReplacedAttachmentStaysBehind: an attachment that is made anew under the same names is written behind its old
// lines, not into room before them, where a reader that is past it would find neither.
func TestReplacedAttachmentStaysBehind(t *testing.T) {
	s := newStore(t)
	for i, id := range []string{"reader", "alpha", "bravo"} {
		s.add(key(id, "eth0", "lab"), byte(i+1))
	}
	before := strings.Index(s.hosts("reader"), "10.0.0.3 ")
	s.del(key("alpha", "eth0", "lab"))
	s.add(key("bravo", "eth0", "lab"), 3)
	hosts := s.hosts("reader")
	if after := strings.Index(hosts, "10.0.0.3 "); after < before {
		t.Errorf("bravo has moved from %d to %d:\n%s", before, after, hosts)
	}
	if n := strings.Count(hosts, "10.0.0.3 "); n != 1 {
		t.Errorf("bravo is listed %d times:\n%s", n, hosts)
	}
	s.del(key("bravo", "eth0", "lab"))
	s.add(key("delta", "eth0", "lab"), 4)
	if size := len(s.hosts("reader")); size > len(hosts) {
		t.Errorf("the room of struck lines is not used:\n%s", s.hosts("reader"))
	}
}

// TestIndexIsACache: without the index and the offset table everything comes out the same.
func TestIndexIsACache(t *testing.T) {
	s := newStore(t)
	for i := range 20 {
		s.add(key(fmt.Sprintf("c%02d", i), "eth0", "lab"), byte(i+1))
	}
	if err := os.RemoveAll(string(s.Dir) + "/index"); err != nil {
		t.Fatal(err)
	}
	before := s.hosts("c00")
	s.del(key("absent", "eth0", "lab"))
	if after := s.hosts("c00"); after != before {
		t.Errorf("a repair has changed a file that was right:\n%s", after)
	}
	s.del(key("c07", "eth0", "lab"))
	s.add(key("c20", "eth0", "lab"), 21)
	for i := range 21 {
		if i == 7 {
			continue
		}
		hosts := s.hosts(fmt.Sprintf("c%02d", i))
		if n := strings.Count(hosts, ".lab\n"); n != 20 || strings.Contains(hosts, "c07") {
			t.Errorf("c%02d has %d entries:\n%s", i, n, hosts)
		}
	}
}

// TestForeignRecord: a record that nerdctl wrote is listed by the names that nerdctl gives, and stays nerdctl's.
func TestForeignRecord(t *testing.T) {
	s := newStore(t)
	s.add(key("ours", "eth0", "lab"), 1)
	n := s.Dir.Namespace("ns")
	ip := net.IPNet{IP: net.IPv4(10, 0, 0, 9), Mask: net.CIDRMask(24, 32)}
	if err := n.WriteRecord(&hostsstore.Record{
		Namespace: "ns", ID: "theirs", Hostname: "server", Name: "k3s_server_1",
		Networks: map[string]*types100.Result{"lab": {CNIVersion: "1.0.0", IPs: []*types100.IPConfig{{Address: ip}}}},
	}, false); err != nil {
		t.Fatal(err)
	}
	if err := hostsstore.WriteFile(n.HostsPath("theirs"), nil); err != nil {
		t.Fatal(err)
	}
	s.add(key("next", "eth0", "lab"), 2)
	want := "10.0.0.9        server server.lab k3s_server_1 k3s_server_1.lab\n"
	for _, id := range []string{"ours", "next", "theirs"} {
		if hosts := s.hosts(id); strings.Count(hosts, want) != 1 || !strings.Contains(hosts, "ours ours.lab") {
			t.Errorf("%s:\n%s", id, hosts)
		}
	}
	s.del(key("theirs", "eth0", "lab"))
	if r, err := n.ReadRecord("theirs"); err != nil || r.Etcfiles != nil {
		t.Errorf("the record of nerdctl: %+v, %v", r, err)
	}
}

// TestYoungerThanBefore: a container that is added again with the lines that it has already is younger than those who came
// in between and share its alias, in every file, as if all were compared.
func TestYoungerThanBefore(t *testing.T) {
	s := newStore(t)
	s.add(key("viewer", "eth0", "lab"), 1)
	first := s.replica(1)
	second := s.replica(2)
	s.replica(1)
	for _, path := range []string{s.Dir.Namespace("ns").HostsPath("viewer"), s.Dir.Namespace("ns").NetworkPath("lab")} {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if a, b := strings.Index(string(data), first.ContainerID), strings.Index(string(data), second.ContainerID); a < b {
			t.Errorf("%s: %s stands first:\n%s", path, first.ContainerID, data)
		}
		if n := strings.Count(string(data), "\n10.1.0.1 "); n != 1 {
			t.Errorf("%s has its line %d times", path, n)
		}
	}
}

// TestOldestOfTwoNetworks: a viewer on two networks has the oldest of those who share a name first, whichever network they
// are on, also where a younger one finds room before it.
func TestOldestOfTwoNetworks(t *testing.T) {
	s := newStore(t)
	s.add(key("viewer", "eth0", "lab"), 1)
	s.add(key("viewer", "eth1", "back"), 2)
	s.add(key("longer-than-the-others", "eth0", "lab"), 3)
	add := func(id, network string, last byte) {
		ip := net.IPNet{IP: net.IPv4(10, 0, 0, last), Mask: net.CIDRMask(24, 32)}
		if _, err := s.Add(context.Background(), &request.Add{
			Key: key(id, "eth0", network), Netns: "/none", Identity: roster.Identity{Name: id, Hostname: id}, Aliases: []string{"svc"},
			Result: &types100.Result{IPs: []*types100.IPConfig{{Address: ip}}},
		}); err != nil {
			t.Fatal(err)
		}
	}
	add("a", "back", 4)
	s.del(key("longer-than-the-others", "eth0", "lab"))
	add("b", "lab", 5)
	if hosts := s.hosts("viewer"); strings.Index(hosts, "10.0.0.5 ") < strings.Index(hosts, "10.0.0.4 ") {
		t.Errorf("b stands first:\n%s", hosts)
	}
}
