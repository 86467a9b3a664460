package hostsstore

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// placed are what may stand in the place of a file, each leading to a victim if it can.
var placed = map[string]func(victim, path string) error{
	"symlink":   os.Symlink,
	"hard link": os.Link,
	"FIFO":      func(_, path string) error { return unix.Mkfifo(path, 0o644) },
	"socket":    func(_, path string) error { return unix.Mknod(path, unix.S_IFSOCK|0o644, 0) },
	"device":    func(_, path string) error { return unix.Mknod(path, unix.S_IFCHR|0o644, int(unix.Mkdev(1, 7))) },
	"directory": func(_, path string) error { return os.Mkdir(path, 0o755) },
}

// needRoot skips what only root may do.
func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("this needs root")
	}
}

// TestNotRegular: what is no regular file is neither read nor written, and a cache of that kind is made anew.
func TestNotRegular(t *testing.T) {
	for kind, place := range placed {
		t.Run(kind, func(t *testing.T) {
			if kind == "device" {
				needRoot(t)
			}
			dir := t.TempDir()
			victim, path := filepath.Join(dir, "victim"), filepath.Join(dir, "path")
			n := Dir(dir).Namespace("ns")
			if err := errors.Join(os.WriteFile(victim, []byte("x"), 0o644), place(victim, path), n.dir.MakeDir(n.indexDir()), place(victim, n.IndexPath())); err != nil {
				t.Fatal(err)
			}
			if b, err := ReadSmall(path, 10); !errors.Is(err, ErrNotRegular) {
				t.Errorf("ReadSmall: %q, %v", b, err)
			}
			if err := Overwrite(path, []byte("yy")); !errors.Is(err, ErrNotRegular) {
				t.Errorf("Overwrite: %v", err)
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

// TestRemoveImmutable: flags that keep a file from being removed are taken off, but not those of a link's target.
func TestRemoveImmutable(t *testing.T) {
	needRoot(t)
	dir := t.TempDir()
	chattr := func(flag, path string) {
		t.Helper()
		if out, err := exec.Command("chattr", flag, path).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	for _, flag := range []string{"i", "a"} {
		path := filepath.Join(dir, flag)
		if err := os.WriteFile(path, nil, 0o644); err != nil {
			t.Fatal(err)
		}
		chattr("+"+flag, path)
		if err := Remove(path); err != nil {
			chattr("-"+flag, path)
			t.Errorf("+%s: %v", flag, err)
		}
	}
	target, link := filepath.Join(dir, "target"), filepath.Join(dir, "link")
	if err := errors.Join(os.WriteFile(target, nil, 0o644), os.Symlink(target, link)); err != nil {
		t.Fatal(err)
	}
	chattr("+i", target)
	defer chattr("-i", target)
	if err := Remove(link); err != nil {
		t.Error(err)
	}
	if err := Remove(target + "/x"); err == nil {
		t.Error("a file below a file was removed")
	}
	out, err := exec.Command("lsattr", target).CombinedOutput()
	if err != nil || string(out[:10]) == "----------" {
		t.Errorf("the target of a link is not immutable any more: %s%v", out, err)
	}
}
