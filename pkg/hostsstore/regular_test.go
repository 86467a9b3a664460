package hostsstore

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// TestIndexNotRegular: whatever stands in the place of the index, it is a cache and is made anew.
func TestIndexNotRegular(t *testing.T) {
	for kind, place := range map[string]func(victim, path string) error{
		"symlink":   os.Symlink,
		"hard link": os.Link,
		"FIFO":      func(_, path string) error { return unix.Mkfifo(path, 0o644) },
		"socket":    func(_, path string) error { return unix.Mknod(path, unix.S_IFSOCK|0o644, 0) },
		"device":    func(_, path string) error { return unix.Mknod(path, unix.S_IFCHR|0o644, int(unix.Mkdev(1, 7))) },
		"directory": func(_, path string) error { return os.Mkdir(path, 0o755) },
	} {
		t.Run(kind, func(t *testing.T) {
			if kind == "device" && os.Geteuid() != 0 {
				t.Skip("only root may make a device")
			}
			dir := t.TempDir()
			victim := filepath.Join(dir, "victim")
			n := Dir(dir).Namespace("ns")
			if err := errors.Join(os.WriteFile(victim, []byte("x"), 0o644), n.dir.MakeDir(n.indexDir()), place(victim, n.IndexPath())); err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(n.TakeIndex(nil), n.WriteIndex(NewIndex("boot"))); err != nil || n.ReadIndex("boot") == nil {
				t.Errorf("index: %v", err)
			}
			if b, err := os.ReadFile(victim); err != nil || string(b) != "x" {
				t.Errorf("the victim holds %q, %v", b, err)
			}
		})
	}
}
