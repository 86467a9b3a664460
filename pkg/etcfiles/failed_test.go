package etcfiles

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	types100 "github.com/containernetworking/cni/pkg/types/100"

	"github.com/etcfiles/etcfiles/pkg/hostsstore"
	"github.com/etcfiles/etcfiles/pkg/request"
	"github.com/etcfiles/etcfiles/pkg/roster"
	"github.com/etcfiles/etcfiles/pkg/safefile"
)

// forgetIndex makes the next operation repair the namespace from its records.
func (s *store) forgetIndex() {
	s.t.Helper()
	if err := s.Dir.Namespace("ns").DropIndex(); err != nil {
		s.t.Fatal(err)
	}
}

// failingAdd adds a container to a network whose hosts file cannot be written.
func (s *store) failingAdd(id string) {
	s.t.Helper()
	if err := os.MkdirAll(s.Dir.Namespace("ns").NetworkPath("bad")+"/in the way", 0o755); err != nil {
		s.t.Fatal(err)
	}
	ip := net.IPNet{IP: net.IPv4(10, 0, 9, 9), Mask: net.CIDRMask(24, 32)}
	_, err := s.Add(context.Background(), &request.Add{
		Key: key(id, "eth9", "bad"), Netns: "/none", Identity: roster.Identity{Name: id, Hostname: id},
		Result: &types100.Result{IPs: []*types100.IPConfig{{Address: ip}}},
	})
	if err == nil {
		s.t.Fatal("a network file that cannot be written is no error")
	}
}

// TestSeveralAttachmentsGoAtOnce: what GC takes out of one container does not come back when the index is lost.
func TestSeveralAttachmentsGoAtOnce(t *testing.T) {
	s := newStore(t)
	s.add(key("reader", "eth0", "lab"), 1)
	for i, ifName := range []string{"eth0", "eth1", "eth2"} {
		s.add(key("web", ifName, "lab"), byte(i+2))
	}
	if err := s.GC(context.Background(), "ns", "lab", []Valid{{"reader", "eth0"}, {"web", "eth2"}}); err != nil {
		t.Fatal(err)
	}
	s.forgetIndex()
	s.del(key("absent", "eth0", "lab"))
	if hosts := s.hosts("reader"); strings.Count(hosts, "web.lab") != 1 || !strings.Contains(hosts, "\n10.0.0.4 ") {
		t.Errorf("not the third attachment alone:\n%s", hosts)
	}
}

// TestPutOffRemovalIsNotLost: an operation that does not get to its end leaves the note to the one after it.
func TestPutOffRemovalIsNotLost(t *testing.T) {
	s := newStore(t)
	s.add(key("reader", "eth0", "lab"), 1)
	s.add(key("web", "eth0", "lab"), 2)
	if err := s.Dir.Namespace("ns").AddPending(hostsstore.Pending{ID: "web", IfName: "eth0", Network: "lab"}); err != nil {
		t.Fatal(err)
	}
	if err := s.Remove(context.Background(), "ns", "absent"); !errors.Is(err, request.ErrInvalid) {
		t.Fatal(err)
	}
	s.del(key("absent", "eth0", "lab"))
	if hosts := s.hosts("reader"); strings.Contains(hosts, " web") {
		t.Errorf("web is still there:\n%s", hosts)
	}
}

// TestFailedDelIsPutOff: what a DEL could not do the next operation does.
func TestFailedDelIsPutOff(t *testing.T) {
	s := newStore(t)
	s.add(key("reader", "eth0", "lab"), 1)
	s.add(key("web", "eth0", "lab"), 2)
	inTheWay := filepath.Join(string(s.Dir), "index/ns/index") // the mark cannot be set
	s.forgetIndex()
	if err := os.MkdirAll(inTheWay+"/x", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := s.Del(context.Background(), key("web", "eth0", "lab")); err == nil || !strings.HasSuffix(err.Error(), "; the next operation goes on with it") {
		t.Fatal(err)
	}
	if err := os.RemoveAll(inTheWay); err != nil {
		t.Fatal(err)
	}
	s.add(key("next", "eth0", "lab"), 3)
	if hosts := s.hosts("reader"); strings.Contains(hosts, " web") {
		t.Errorf("web is still there:\n%s", hosts)
	}
}

// TestDelThatCannotBePutOff: where nothing can be written a DEL promises nothing, whether the directory cannot be made or the lock cannot be acquired.
func TestDelThatCannotBePutOff(t *testing.T) {
	s := newStore(t)
	s.add(key("web", "eth0", "lab"), 1)
	s.Warnf = func(format string, args ...any) { t.Errorf("warning: "+format, args...) }
	unlock, err := s.Dir.Namespace("ns").Lock(context.Background(), s.LockTimeout)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = unlock() }()
	if err := os.WriteFile(filepath.Join(string(s.Dir), "pending"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s.LockTimeout = time.Millisecond
	if err := s.Del(context.Background(), key("web", "eth0", "lab")); err == nil || !strings.Contains(err.Error(), "it cannot be left to the next operation") {
		t.Errorf("with the lock held: %v", err)
	}
	s.Dir = hostsstore.Dir(filepath.Join(string(s.Dir), "pending")) // a file
	if err := s.Del(context.Background(), key("web", "eth0", "lab")); err == nil || !strings.Contains(err.Error(), "it cannot be left to the next operation") {
		t.Errorf("with a file in the place of the data directory: %v", err)
	}
}

// TestKeptFilesStay: files that are kept for a later start survive a DEL that is cut off, and an ADD that fails.
func TestKeptFilesStay(t *testing.T) {
	s := newStore(t)
	n := s.Dir.Namespace("ns")
	s.add(key("reader", "eth0", "lab"), 1)
	s.add(key("web", "eth0", "lab"), 2)
	check := func(when string) {
		t.Helper()
		for _, path := range []string{n.HostsPath("web"), n.ResolvConfPath("web"), n.HostnamePath("web")} {
			if _, err := os.Stat(path); err != nil {
				t.Errorf("%s: %v", when, err)
			}
		}
		if _, kept := n.Kept("web"); !kept {
			t.Errorf("%s: nobody knows any more that the files are ours", when)
		}
	}
	// What a DEL that keeps files has done when it is killed.
	created := []string{hostsstore.HostsFile, hostsstore.ResolvConfFile, hostsstore.HostnameFile}
	if err := n.Keep("web", hostsstore.Kept{Created: created}); err != nil {
		t.Fatal(err)
	}
	s.forgetIndex()
	if err := n.BeginRemoval("web"); err != nil {
		t.Fatal(err)
	}
	s.del(key("absent", "eth0", "lab"))
	check("a DEL that is cut off")
	if hosts := s.hosts("reader"); strings.Contains(hosts, " web") {
		t.Errorf("web is still there:\n%s", hosts)
	}
	s.failingAdd("web")
	check("an ADD that fails")
	s.add(key("web", "eth0", "lab"), 3)
	if _, kept := n.Kept("web"); kept {
		t.Error("the note is left")
	}
	// An ADD that is killed at its very end leaves the note.
	if err := n.Keep("web", hostsstore.Kept{Created: created}); err != nil {
		t.Fatal(err)
	}
	s.del(key("web", "eth0", "lab"))
	if _, err := os.Stat(n.HostsPath("web")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a DEL that keeps nothing: %v", err)
	}
	if _, kept := n.Kept("web"); kept {
		t.Error("the note is left by a DEL that keeps nothing")
	}
}

// TestFailedAddLeavesTheRecord: after an ADD that fails the record of the container is what it was, also one of nerdctl.
func TestFailedAddLeavesTheRecord(t *testing.T) {
	s := newStore(t)
	n := s.Dir.Namespace("ns")
	s.add(key("web", "eth0", "lab"), 1)
	s.add(key("web", "eth9", "lab"), 2)
	ip := net.IPNet{IP: net.IPv4(10, 0, 0, 9), Mask: net.CIDRMask(24, 32)}
	if err := n.WriteRecord(&hostsstore.Record{
		Namespace: "ns", ID: "theirs", Hostname: "server", Name: "server",
		Networks: map[string]*types100.Result{"lab": {CNIVersion: "1.0.0", IPs: []*types100.IPConfig{{Address: ip}}}},
	}, false); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"web", "theirs"} {
		path := filepath.Join(n.RecordsDir(), id, "meta.json")
		before, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		s.failingAdd(id)
		after, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if string(before) != string(after) {
			t.Errorf("the record was\n%s\nand is\n%s", before, after)
		}
	}
}

// TestFailedAddIsUndone: also when the last step fails nothing of the container is left.
func TestFailedAddIsUndone(t *testing.T) {
	s := newStore(t)
	s.add(key("reader", "eth0", "lab"), 1)
	if err := os.MkdirAll(string(s.Dir)+"/kept", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(string(s.Dir)+"/kept/ns", nil, 0o644); err != nil { // in the way of the notes
		t.Fatal(err)
	}
	ip := net.IPNet{IP: net.IPv4(10, 0, 0, 9), Mask: net.CIDRMask(24, 32)}
	if _, err := s.Add(context.Background(), &request.Add{
		Key: key("web", "eth0", "lab"), Netns: "/none", Identity: roster.Identity{Name: "web", Hostname: "web"},
		Result: &types100.Result{IPs: []*types100.IPConfig{{Address: ip}}},
	}); err == nil {
		t.Fatal("no error")
	}
	if hosts := s.hosts("reader"); strings.Contains(hosts, " web") {
		t.Errorf("web is there:\n%s", hosts)
	}
	if _, err := os.Stat(filepath.Join(s.Dir.Namespace("ns").RecordsDir(), "web")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the record: %v", err)
	}
}

// TestUnlockFails: what was done is done although the lock cannot be let go.
func TestUnlockFails(t *testing.T) {
	warnings := 0
	m := &Manager{Warnf: func(string, ...any) { warnings++ }}
	m.release(func() error { return fs.ErrClosed })
	if warnings != 1 {
		t.Errorf("%d warnings", warnings)
	}
}

// TestUnfinishedNote: a note of keepFiles that a power cut left unfinished goes with the rest of the earlier boot, and no finished one does.
func TestUnfinishedNote(t *testing.T) {
	s := newStore(t)
	s.KeepFiles = true
	s.add(key("web", "eth0", "lab"), 1)
	s.del(key("web", "eth0", "lab"))
	kept := filepath.Join(string(s.Dir), "kept/ns")
	for _, name := range []string{"web", "db"} {
		if err := os.WriteFile(safefile.Temporary(filepath.Join(kept, name)), []byte("{"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s.add(key("api", "eth0", "lab"), 2)
	entries, err := os.ReadDir(kept)
	if err != nil || len(entries) != 1 || entries[0].Name() != "web" {
		t.Errorf("left are %v, %v", entries, err)
	}
}
