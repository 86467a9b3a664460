package inspect

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"testing"

	types100 "github.com/containernetworking/cni/pkg/types/100"

	"github.com/etcfiles/etcfiles/pkg/etcfiles"
	"github.com/etcfiles/etcfiles/pkg/hostsstore"
	"github.com/etcfiles/etcfiles/pkg/request"
)

// findings looks at the store and returns what the findings are about, by problem.
func (s *store) findings(repair bool) map[Problem][]Finding {
	s.t.Helper()
	list, err := s.Audit(context.Background(), "", repair)
	if err != nil {
		s.t.Fatal(err)
	}
	out := map[Problem][]Finding{}
	for _, f := range list {
		out[f.Problem] = append(out[f.Problem], f)
	}
	return out
}

func (s *store) clean() {
	s.t.Helper()
	if found := s.findings(false); len(found) > 0 {
		s.t.Errorf("findings: %+v", found)
	}
}

// TestAuditOfSharedStore: in a store that nerdctl uses too, what is nerdctl's is no fault: its records, which come and go
// without us, its files and modes, and the directories of its stopped containers.
func TestAuditOfSharedStore(t *testing.T) {
	s := newStore(t)
	s.add(key("ours", "eth0", "lab"), 1)
	n := s.Dir.Namespace("ns")
	ip := net.IPNet{IP: net.IPv4(10, 0, 0, 9), Mask: net.CIDRMask(24, 32)}
	record := &hostsstore.Record{
		Namespace: "ns", ID: "theirs", Hostname: "server", Name: "server",
		Networks: map[string]*types100.Result{"lab": {CNIVersion: "1.0.0", IPs: []*types100.IPConfig{{Address: ip}}}},
	}
	if err := n.WriteRecord(record, false); err != nil {
		t.Fatal(err)
	}
	if err := hostsstore.WriteFile(n.HostsPath("theirs"), nil); err != nil {
		t.Fatal(err)
	}
	stopped := filepath.Join(n.ContainersDir(), "stopped")
	for _, dir := range []string{stopped, filepath.Dir(n.HostsPath("stopped"))} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, path := range []string{filepath.Join(stopped, "lifecycle.json"), n.HostsPath("stopped"), n.ResolvConfPath("stopped")} {
		if err := hostsstore.WriteFile(path, []byte("x\n")); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(n.ContainersDir(), 0o700); err != nil {
		t.Fatal(err)
	}
	s.add(key("next", "eth0", "lab"), 2)
	s.clean()
	if err := n.WriteRecord(record, false); err != nil { // nerdctl does as it likes
		t.Fatal(err)
	}
	if found := s.findings(false); len(found[IndexDiffers]) > 0 {
		t.Errorf("findings: %+v", found)
	}
}

// TestAuditIsIdempotent: a second repair finds nothing to do, and what was wrong is marked as mended once.
func TestAuditIsIdempotent(t *testing.T) {
	s := newStore(t)
	for i, id := range []string{"a", "b", "c"} {
		s.add(key(id, "eth0", "lab"), byte(i+1))
	}
	n := s.Dir.Namespace("ns")
	if err := errors.Join(os.Remove(n.HostsPath("a")), os.Remove(n.IndexPath()), os.Chmod(n.HostsPath("b"), 0o640)); err != nil {
		t.Fatal(err)
	}
	found := s.findings(true)
	for _, p := range []Problem{HostsAbsent, IndexAbsent, ModeWrong} {
		if list := found[p]; len(list) != 1 || !list[0].Mended {
			t.Errorf("%s: %+v", p, list)
		}
	}
	if found := s.findings(true); len(found) > 0 {
		t.Errorf("after a repair: %+v", found)
	}
}

// TestAuditOfNothing: where there is no store none is made.
func TestAuditOfNothing(t *testing.T) {
	s := newStore(t)
	s.Dir = hostsstore.Dir(filepath.Join(string(s.Dir), "absent"))
	for _, call := range []func() error{
		func() error { _, err := s.Audit(context.Background(), "", true); return err },
		func() error { _, err := s.Prune(context.Background(), "ns", false); return err },
	} {
		if err := call(); !errors.Is(err, etcfiles.ErrNoStore) {
			t.Error(err)
		}
	}
	s.del(key("a", "eth0", "lab"))
	if err := s.Remove(context.Background(), "ns", "a"); !errors.Is(err, request.ErrInvalid) {
		t.Error(err)
	}
	if err := s.GC(context.Background(), "ns", "lab", nil); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(string(s.Dir)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the data directory was made: %v", err)
	}
}
