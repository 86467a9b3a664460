package etcfiles

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/etcfiles/etcfiles/pkg/hostsstore"
	"github.com/etcfiles/etcfiles/pkg/internal/grown"
)

// warned collects the warnings from now on.
func (s *store) warned() *[]string {
	list := &[]string{}
	s.Warnf = func(format string, args ...any) { *list = append(*list, fmt.Sprintf(format, args...)) }
	return list
}

// TestGrownFiles: a network's hosts file that has grown beyond its bounds is made anew, whether an operation edits it or a
// repair compares it, also one about another network. A container's own, which is mounted, stays as it is and fails nothing.
func TestGrownFiles(t *testing.T) {
	for name, c := range map[string]struct {
		spoil   func(s *store) error
		network string // of the next ADD
	}{
		"a live edit":               {func(*store) error { return nil }, "lab"},
		"after a kill":              {func(s *store) error { return s.Dir.Namespace("ns").TakeIndex([]string{"lab"}) }, "lab"},
		"without the cache":         {func(s *store) error { return os.RemoveAll(s.Dir.IndexDir()) }, "lab"},
		"a kill, another network":   {func(s *store) error { return s.Dir.Namespace("ns").TakeIndex([]string{"lab"}) }, "back"},
		"no cache, another network": {func(s *store) error { return os.RemoveAll(s.Dir.IndexDir()) }, "back"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStore(t)
			s.add(key("a", "eth0", "lab"), 1)
			s.add(key("b", "eth0", "lab"), 2)
			n := s.Dir.Namespace("ns")
			grown.Grow(t, n.HostsPath("a"), s.Marker)
			grown.Grow(t, n.NetworkPath("lab"), s.Marker)
			// The index knows the files as they are, as after edits of our own.
			ix := n.ReadIndex(bootID(t))
			ix.Containers["a"].Hosts.State, ix.Networks["lab"].State = fileOf(t, n.HostsPath("a")), fileOf(t, n.NetworkPath("lab"))
			if err := errors.Join(n.WriteIndex(ix), c.spoil(s)); err != nil {
				t.Fatal(err)
			}
			warnings := s.warned()
			if err := s.Status("ns", "lab"); err != nil {
				t.Error(err)
			}
			if len(*warnings) != 1 || !strings.Contains((*warnings)[0], "network lab: the next operation makes its hosts file anew") {
				t.Errorf("STATUS says %q", *warnings)
			}
			s.Warnf = t.Logf
			s.add(key("c", "eth0", c.network), 3)
			s.add(key("d", "eth0", "lab"), 4)
			s.del(key("b", "eth0", "lab"))
			file, err := os.ReadFile(n.NetworkPath("lab"))
			if err != nil {
				t.Fatal(err)
			}
			if live := string(file); len(live) > 4096 || strings.Count(live, "\n10.0.0.4 ") != 1 || strings.Contains(live, "\n10.0.0.2 ") {
				t.Errorf("%d bytes: %.300s", len(live), live)
			}
		})
	}
}

// TestStatusOfNetworks: what stands in the place of a network's hosts file keeps ADDs on that network from their work, and
// others only while all files are to be compared.
func TestStatusOfNetworks(t *testing.T) {
	s := newStore(t)
	s.add(key("a", "eth0", "lab"), 1)
	s.add(key("b", "eth0", "back"), 2)
	path := s.Dir.Namespace("ns").NetworkPath("back")
	if err := errors.Join(os.Remove(path), unix.Mkfifo(path, 0o644)); err != nil {
		t.Fatal(err)
	}
	if err := s.Status("ns", "back"); !errors.Is(err, ErrUnavailable) || !strings.Contains(err.Error(), path) {
		t.Error(err)
	}
	if err := s.Status("ns", "lab"); err != nil {
		t.Error(err)
	}
	s.forgetIndex()
	if err := s.Status("ns", "lab"); !errors.Is(err, ErrUnavailable) {
		t.Error(err)
	}
}

func bootID(t *testing.T) string {
	t.Helper()
	id, err := hostsstore.BootID()
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func fileOf(t *testing.T, path string) hostsstore.FileID {
	t.Helper()
	id, err := hostsstore.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return id
}
