package hostile

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestBaseHostsFile: a baseHostsFile that is not usable is left out with a warning, and nobody waits for it.
func TestBaseHostsFile(t *testing.T) {
	f := newFleet(t, []attachment{db}, comer)
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
			o := f.runWith(t, "ADD", comer, object{"baseHostsFile": path})
			o.mustSucceed(t)
			if !strings.Contains(o.stderr, "baseHostsFile "+path+" is left out") {
				t.Errorf("stderr: %s", o.stderr)
			}
			if o.rss > maxMemory {
				t.Errorf("%d MiB", o.rss>>20)
			}
			checkFile(t, f.hosts(comer), localhost, db, comer)
			f.run(t, "DEL", comer).mustSucceed(t)
		})
	}
}
