package faults

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/etcfiles/etcfiles/integration/internal/fleet"
	"github.com/etcfiles/etcfiles/integration/internal/plugin"
)

// TestBaseHostsFile: a baseHostsFile that is not usable is left out with a warning, and nobody waits for it.
func TestBaseHostsFile(t *testing.T) {
	f := newSiege(t, []fleet.Attachment{db}, comer)
	for name, make := range map[string]func(path string) error{
		"FIFO":      func(path string) error { return unix.Mkfifo(path, 0o644) },
		"directory": func(path string) error { return os.Mkdir(path, 0o755) },
		"endless":   func(path string) error { return os.Symlink("/dev/zero", path) },
		"large": func(path string) error {
			if err := os.WriteFile(path, nil, 0o644); err != nil {
				return err
			}
			return os.Truncate(path, 1<<30)
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "base")
			if err := make(path); err != nil {
				t.Fatal(err)
			}
			o := f.runWith(t, "ADD", comer, plugin.Object{"baseHostsFile": path})
			o.mustSucceed(t)
			if !strings.Contains(o.Stderr, "baseHostsFile "+path+" is left out") {
				t.Errorf("stderr: %s", o.Stderr)
			}
			if o.Memory > maxMemory {
				t.Errorf("%d MiB", o.Memory>>20)
			}
			checkFile(t, f.Hosts(comer), fleet.Localhost(), db, comer)
			f.run(t, "DEL", comer).mustSucceed(t)
		})
	}
}
