package safefile

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// look opens a file and returns it with its state.
func look(t *testing.T, path string) (int, unix.Stat_t) {
	t.Helper()
	fd, st, err := Anywhere.Descriptor(path, unix.O_RDONLY)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Close(fd) })
	return fd, st
}

// TestRestore: a file gets the mode and the owner, loses what a chown leaves of setuid, and is not touched when all is right.
func TestRestore(t *testing.T) {
	needRoot(t)
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, owner := range []Owner{{}, {UID: 100000, GID: 200000}} {
		a := Access{Mode: 0o644, Owner: owner}
		if err := os.Chmod(path, 0o755|os.ModeSetuid|os.ModeSetgid|os.ModeSticky); err != nil {
			t.Fatal(err)
		}
		fd, st := look(t, path)
		if changed, err := a.Restore(fd, &st); err != nil || !changed {
			t.Errorf("%v: changed %v, %v", owner, changed, err)
		}
		fd, st = look(t, path)
		if got := (Owner{st.Uid, st.Gid}); got != owner || st.Mode != unix.S_IFREG|0o644 {
			t.Errorf("%v: owner %v, mode %o", owner, got, st.Mode)
		}
		if changed, err := a.Restore(fd, &st); err != nil || changed {
			t.Errorf("%v: changed %v, %v", owner, changed, err)
		}
		if _, again := look(t, path); again.Ctim != st.Ctim {
			t.Errorf("%v: the file was touched", owner)
		}
	}
}

// TestDisarm: setuid, setgid and capabilities go, and the mode and the owner stay.
func TestDisarm(t *testing.T) {
	needRoot(t)
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	netRaw := []byte{1, 0, 0, 2, 0, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0} // vfs_cap_data, capabilities(7)
	for _, c := range []struct {
		armed string
		arm   func() error
	}{
		{"setuid", func() error { return os.Chmod(path, 0o750|os.ModeSetuid) }},
		{"setgid", func() error { return os.Chmod(path, 0o750|os.ModeSetgid) }},
		{"capabilities", func() error { return unix.Setxattr(path, xattrCapability, netRaw, 0) }},
	} {
		if err := c.arm(); err != nil {
			t.Fatal(err)
		}
		if got := Armed(path); got != c.armed {
			t.Errorf("armed with %s: %q", c.armed, got)
		}
		if err := DisarmAt(path); err != nil {
			t.Error(err)
		}
		if _, st := look(t, path); st.Mode != unix.S_IFREG|0o750 || Armed(path) != "" {
			t.Errorf("%s: mode %o, armed %q", c.armed, st.Mode, Armed(path))
		}
	}
}
