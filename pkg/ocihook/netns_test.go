package ocihook

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// TestNetnsAt: only a network namespace is one, and nothing else is opened: a FIFO would wait for a writer.
func TestNetnsAt(t *testing.T) {
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := unix.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{fifo, "/dev/zero", "/proc/self/ns/uts", "/proc/self/stat", t.TempDir()} {
		if id, err := netnsAt(path); !errors.Is(err, errNoNetns) {
			t.Errorf("%s: %v, %v", path, id, err)
		}
	}
	if _, err := netnsAt(fifo + "-absent"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("absent: %v", err)
	}
	id, err := netnsAt("/proc/self/ns/net")
	if err != nil {
		t.Fatal(err)
	}
	if used, err := inUse(); used[id] == 0 { // whatever it cannot see
		t.Errorf("nobody is in the network namespace of this test: %v", err)
	}
}
