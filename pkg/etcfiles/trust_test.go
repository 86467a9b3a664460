package etcfiles

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	types100 "github.com/containernetworking/cni/pkg/types/100"
	"golang.org/x/sys/unix"

	"github.com/etcfiles/etcfiles/pkg/hostsstore"
	"github.com/etcfiles/etcfiles/pkg/request"
	"github.com/etcfiles/etcfiles/pkg/roster"
)

const (
	crowded = 300                  // containers among whom an operation does not look at all of them
	looking = 2 * time.Millisecond // for each, until one looks again
)

// crowd is a store with so many containers that an operation believes the index of most of them.
type crowd struct {
	*store
	clock time.Duration
	next  int
}

func newCrowd(t *testing.T, networks ...string) *crowd {
	t.Helper()
	c := &crowd{store: newStore(t), clock: time.Hour}
	c.now = func() time.Duration { return c.clock }
	n := c.Dir.Namespace("ns")
	for c.next < crowded {
		id, network := fmt.Sprint("c", c.next), networks[c.next%len(networks)]
		if c.next < len(networks) {
			c.join(id, network)
			continue
		}
		r, err := n.ReadRecord(fmt.Sprint("c", c.next%len(networks)))
		if err == nil {
			c.next++
			r.ID, r.Name, r.Hostname = id, id, id
			a := &r.Etcfiles.Attachments[0]
			a.Sequence, a.Addresses = uint64(c.next), []netip.Addr{netip.AddrFrom4([4]byte{10, 1, byte(c.next >> 8), byte(c.next)})}
			a.Names, a.Asked.Name, a.Asked.Hostname = []string{id, id + "." + network}, id, id
			err = errors.Join(os.Mkdir(filepath.Dir(n.RecordPath(id)), 0o700), n.WriteRecord(r, false))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	c.forgetIndex()
	c.del(key("absent", "eth0", "other"))
	return c
}

// join adds a container with an address of its own, which it returns.
func (c *crowd) join(id, network string) net.IP {
	c.t.Helper()
	c.next++
	ip := net.IPv4(10, 1, byte(c.next>>8), byte(c.next))
	c.joinAs(request.Add{Key: key(id, "eth0", network), Identity: roster.Identity{Name: id, Hostname: id}}, ip)
	return ip
}

func (c *crowd) joinAs(r request.Add, ip net.IP) {
	c.t.Helper()
	r.Netns = "/none"
	r.Result = &types100.Result{IPs: []*types100.IPConfig{{Address: net.IPNet{IP: ip, Mask: net.CIDRMask(8, 32)}}}}
	if _, err := c.Add(context.Background(), &r); err != nil {
		c.t.Fatal(err)
	}
}

// mortal gives a container a network namespace, and returns what ends it. The next operation looks at everything.
func (c *crowd) mortal(id string) (end func()) {
	c.t.Helper()
	path := filepath.Join(c.t.TempDir(), "netns")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		c.t.Fatal(err)
	}
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err != nil {
		c.t.Fatal(err)
	}
	n := c.Dir.Namespace("ns")
	r, err := n.ReadRecord(id)
	if err != nil {
		c.t.Fatal(err)
	}
	r.Etcfiles.Netns = hostsstore.Netns{Path: path, Device: st.Dev, Inode: st.Ino, MountNamespace: hostsstore.MountNamespace()}
	if err := n.WriteRecord(r, false); err != nil {
		c.t.Fatal(err)
	}
	c.clock += 2 * time.Duration(c.next) * looking
	c.del(key("absent", "eth0", "other"))
	return func() {
		if err := os.Remove(path); err != nil {
			c.t.Fatal(err)
		}
	}
}

func (c *crowd) lists(id, name string) bool {
	c.t.Helper()
	return strings.Contains(c.hosts(id), " "+name+"\n") || strings.Contains(c.hosts(id), " "+name+" ")
}

// TestLooksInTime: among many containers one that is dead is found by the first operation after a while, and at once by one
// that it stands in the way of.
func TestLooksInTime(t *testing.T) {
	c := newCrowd(t, "lab")
	var ends []func()
	for _, id := range []string{"c10", "c11", "c12"} {
		ends = append(ends, c.mortal(id))
	}
	for _, end := range ends {
		end()
	}
	c.join("first", "lab")
	if !c.lists("c0", "c10") || !c.lists("first", "c11") {
		t.Fatal("every operation looks at all containers: this test proves nothing")
	}
	heir := net.IPv4(10, 1, 0, 13) // that of c12
	c.joinAs(request.Add{Key: key("other", "eth0", "lab"), Identity: roster.Identity{Name: "C11", Hostname: "other"}}, net.IPv4(10, 2, 0, 1))
	c.joinAs(request.Add{Key: key("heir", "eth0", "lab"), Identity: roster.Identity{Name: "heir", Hostname: "heir"}}, heir)
	if c.lists("c0", "c11") {
		t.Error("the name of one that is dead stands beside that of the new one")
	}
	if got := strings.Count(c.hosts("c0"), heir.String()+" "); got != 1 {
		t.Errorf("the address of one that is dead stands %d times", got)
	}
	if !c.lists("c0", "c10") {
		t.Fatal("an operation looked at those that it is not about")
	}
	c.clock += time.Duration(c.next+10) * looking
	c.join("late", "lab")
	if c.lists("c0", "c10") {
		t.Error("one that is dead is listed for good")
	}
}

// TestKnowsItsOwn: what somebody has done to the container that an operation is about is seen at once.
func TestKnowsItsOwn(t *testing.T) {
	c := newCrowd(t, "lab", "back")
	n := c.Dir.Namespace("ns")
	if err := os.RemoveAll(filepath.Dir(n.RecordPath("c4"))); err != nil {
		t.Fatal(err)
	}
	c.del(key("c4", "eth0", "lab"))
	if c.lists("c0", "c4") {
		t.Error("a container without a record is listed after its DEL")
	}
	r, err := n.ReadRecord("c6")
	if err != nil {
		t.Fatal(err)
	}
	r.ID, r.Name, r.Etcfiles.Attachments[0].Names = "copied", "copied", []string{"copied"}
	if err := os.Mkdir(filepath.Dir(n.RecordPath("copied")), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := n.WriteRecord(r, false); err != nil {
		t.Fatal(err)
	}
	c.join("copied", "back") // which the index does not know: the same interface, on another network
	if c.lists("c0", "copied") || !c.lists("c1", "copied") {
		t.Error("a record that somebody has written is not minded")
	}
	c.joinAs(request.Add{Key: key("c7", "eth1", "lab"), Identity: roster.Identity{Name: "c7", Hostname: "c7"}}, net.IPv4(10, 2, 0, 7))
	if !c.lists("c7", "c0") || !c.lists("c7", "c1") || !c.lists("c0", "c7") {
		t.Error("a container that joins a second network does not know both")
	}
}

// victim is a directory with files as one of a container has them, which nobody may touch, and check what has become of it.
func victim(t *testing.T) (dir string, check func()) {
	t.Helper()
	dir = t.TempDir()
	for _, name := range []string{"meta.json", "hosts"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("{\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	look := func() string {
		var all strings.Builder
		entries, err := os.ReadDir(dir)
		for _, e := range entries {
			info, infoErr := e.Info()
			data, readErr := os.ReadFile(filepath.Join(dir, e.Name()))
			if err = errors.Join(err, infoErr, readErr); err == nil {
				fmt.Fprintln(&all, e.Name(), info.Mode(), string(data))
			}
		}
		if err != nil {
			t.Fatal(err)
		}
		return all.String()
	}
	before := look()
	return dir, func() {
		t.Helper()
		if diff := cmp.Diff(before, look()); diff != "" {
			t.Error(diff)
		}
	}
}

// link puts a link in the place of a container's directory.
func (c *crowd) link(id, target string) {
	c.t.Helper()
	dir := filepath.Dir(c.Dir.Namespace("ns").RecordPath(id))
	if err := errors.Join(os.RemoveAll(dir), os.Symlink(target, dir)); err != nil {
		c.t.Fatal(err)
	}
}

// TestFollowsNoLink: of a container whose directory is a link somewhere, nothing is read or changed there, be it that of the operation, its
// rival, a former sandbox of its pod or a mere peer.
func TestFollowsNoLink(t *testing.T) {
	c := newCrowd(t, "lab", "back")
	dir, check := victim(t)
	sandbox := func(id, network string) {
		t.Helper()
		c.joinAs(request.Add{Key: key(id, "eth0", network), Identity: roster.Identity{Name: id, Hostname: id}, PodUID: "uid"}, net.IPv4(10, 2, 1, byte(c.next)))
		c.next++
	}
	sandbox("former", "back")
	for _, id := range []string{"c8", "c10", "c20", "former"} {
		c.link(id, dir)
	}
	c.del(key("c8", "eth0", "lab"))
	c.joinAs(request.Add{Key: key("other", "eth0", "lab"), Identity: roster.Identity{Name: "c10", Hostname: "other"}}, net.IPv4(10, 2, 0, 1))
	sandbox("latter", "lab")
	check()
	if c.lists("c0", "c8") || c.lists("c1", "former") || strings.Count(c.hosts("c0"), " c10 c10.lab\n") != 1 {
		t.Error("who has no record of its own is listed")
	}
	if err := os.Remove(filepath.Join(dir, "hosts")); err != nil {
		t.Fatal(err)
	}
	c.join("more", "lab")
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("%v, %v", left, err)
	}
}

// TestWiped: of a container that somebody has removed nothing is made anew.
func TestWiped(t *testing.T) {
	c := newCrowd(t, "lab")
	n := c.Dir.Namespace("ns")
	if err := errors.Join(os.RemoveAll(filepath.Dir(n.RecordPath("c8"))), os.RemoveAll(filepath.Dir(n.HostnamePath("c8")))); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(n.HostsPath("c9")); err != nil { // but what is missing is
		t.Fatal(err)
	}
	c.join("new", "lab")
	if has, err := n.Has("c8"); err != nil || has {
		t.Errorf("there is something of it again, %v", err)
	}
	if !c.lists("c9", "new") {
		t.Error("a container has no hosts file")
	}
}

// TestPutOffElsewhere: a DEL that was put off is done by the next operation, whichever network that is about.
func TestPutOffElsewhere(t *testing.T) {
	c := newCrowd(t, "lab", "back")
	if err := c.Dir.Namespace("ns").AddPending(pendingOf(key("c1", "eth0", "back"), false, hostsstore.Netns{})); err != nil {
		t.Fatal(err)
	}
	c.join("new", "lab")
	if c.index().Containers["c1"] != nil || c.lists("c3", "c1") {
		t.Error("it is listed still")
	}
}

// TestPodElsewhere: a new sandbox replaces the pod's former one, also on another network.
func TestPodElsewhere(t *testing.T) {
	c := newCrowd(t, "lab", "back")
	for i, network := range []string{"lab", "back"} {
		id := "sandbox" + network
		pod := request.Add{Key: key(id, "eth0", network), Identity: roster.Identity{Name: id, Hostname: id}, PodUID: "uid"}
		c.joinAs(pod, net.IPv4(10, 2, 0, byte(i)))
		if !c.lists(fmt.Sprint("c", i), id) {
			t.Fatalf("%s is not listed", id)
		}
	}
	if c.lists("c0", "sandboxlab") {
		t.Error("the former sandbox is listed")
	}
}

// TestTrustLosesNothing: whatever operations on some networks do in whatever order, a comparison of all files with all records
// finds nothing to do.
func TestTrustLosesNothing(t *testing.T) {
	networks := []string{"lab", "back", "front"}
	c := newCrowd(t, networks...)
	r := rand.New(rand.NewPCG(1, 2))
	n := c.Dir.Namespace("ns")
	trusted := 0
	for range 150 {
		id, network := fmt.Sprint("c", r.IntN(c.next)), networks[r.IntN(len(networks))]
		gone := "" // network that the container has left, and that the next operation is to find
		c.next++
		switch r.IntN(8) {
		case 0, 1:
			c.del(key(id, "eth0", network))
		case 2:
			c.join(id, network) // perhaps another network than before
		case 3:
			c.joinAs(request.Add{Key: key(id, "eth1", network), Identity: roster.Identity{Name: id, Hostname: id}}, net.IPv4(10, 3, byte(c.next>>8), byte(c.next)))
		case 4:
			pod := request.Add{Key: key("pod"+id, "eth0", network), Identity: roster.Identity{Name: id, Hostname: id}}
			pod.Kubernetes, pod.PodUID = []string{"shop", "bank"}[r.IntN(2)], "uid"+id
			c.joinAs(pod, net.IPv4(10, 4, byte(c.next>>8), byte(c.next)))
		case 5: // a DEL that is killed
			ix := n.ReadIndex(bootID(t))
			if ix == nil || ix.Containers[id] == nil {
				continue
			}
			var on []string
			for _, a := range ix.Containers[id].Attachments {
				on = append(on, a.Network)
			}
			if err := errors.Join(n.TakeIndex(on), n.BeginRemoval(id)); err != nil {
				t.Fatal(err)
			}
			gone = on[0]
		case 6:
			if err := n.AddPending(pendingOf(key(id, "eth0", network), false, hostsstore.Netns{})); err != nil {
				t.Fatal(err)
			}
			gone = network
		default:
			c.join(fmt.Sprint("c", c.next), network)
		}
		if gone != "" {
			c.join(fmt.Sprint("c", c.next), networks[r.IntN(len(networks))])
			if left := c.index().Containers[id]; left != nil && roster.OnNetwork(left, gone) {
				t.Errorf("container %s is on network %s still", id, gone)
			}
		}
		if ix := n.ReadPart(bootID(t), "", false); ix != nil && ix.Recent(c.clock) {
			trusted++
		}
	}
	if trusted < 100 {
		t.Errorf("%d of 150 operations could have believed the index: this test proves little", trusted)
	}
	before := c.index()
	c.Report = &Report{}
	if err := c.Repair(context.Background(), "ns", func() error { return nil }); err != nil {
		t.Fatal(err)
	}
	if c.Report.Files > 0 || len(c.index().Containers) != len(before.Containers) {
		t.Errorf("a repair has changed %d files; %d containers of %d", c.Report.Files, len(c.index().Containers), len(before.Containers))
	}
}
