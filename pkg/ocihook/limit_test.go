package ocihook

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestLimit: a plugin that hangs is killed with what it has started, at ADD and at DEL; what ran before it is undone.
func TestLimit(t *testing.T) {
	c := newChain(t)
	c.ChainTimeout = 300 * time.Millisecond
	pid := filepath.Join(t.TempDir(), "pid")
	hangs := "#!/bin/sh\necho \"$CNI_COMMAND b\" >>" + c.log + "\nsleep 1000 &\necho $! >" + pid + "\nwait\n"
	if err := os.WriteFile(filepath.Join(c.BinDirs[0], "b"), []byte(hangs), 0o755); err != nil {
		t.Fatal(err)
	}
	ended := func(when string) {
		t.Helper()
		b, err := os.ReadFile(pid)
		if err != nil {
			t.Fatal(err)
		}
		child, err := strconv.Atoi(strings.TrimSpace(string(b)))
		if err != nil {
			t.Fatal(err)
		}
		for end := time.Now().Add(30 * time.Second); processOf(child).alive(); time.Sleep(time.Millisecond) { // a zombie is not
			if time.Now().After(end) {
				t.Fatalf("%s: what the plugin has started lives", when)
			}
		}
	}
	c.conflist(t, "a", "b", "c")
	r := c.record(t)
	err := c.attach(context.Background(), r)
	if limit := tooSlow(0); !errors.As(err, &limit) || !strings.Contains(err.Error(), "network lab: ") || !strings.Contains(err.Error(), "--chain-timeout") {
		t.Errorf("ADD: %v", err)
	}
	ended("ADD")
	if got := c.calls(t); got != "ADD a, ADD b" {
		t.Errorf("ADD called %s", got)
	}
	if err := c.detach(context.Background(), r); err == nil || !strings.Contains(err.Error(), "rm default-web") || !strings.Contains(err.Error(), "--chain-timeout") {
		t.Errorf("DEL: %v", err)
	}
	ended("DEL")
	if _, kept, err := c.Remove(context.Background(), "default-web"); err != nil || len(kept) != 1 {
		t.Errorf("rm: %v, %v", kept, err)
	}
	ended("rm")
	if got := c.calls(t); got != "DEL b, DEL b, DEL a" {
		t.Errorf("DEL called %s", got)
	}
}

// TestNeverStarted: what cannot be executed has made nothing, and is in nobody's way.
func TestNeverStarted(t *testing.T) {
	for name, text := range map[string]string{"no program": "\x00\x01", "no interpreter": "#!/no/such/interpreter\n"} {
		c := newChain(t)
		if err := os.WriteFile(filepath.Join(c.BinDirs[0], "b"), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
		c.conflist(t, "a", "b", "c")
		r := c.record(t)
		if err := c.attach(context.Background(), r); err == nil || !strings.Contains(err.Error(), "cannot be executed") {
			t.Errorf("%s: ADD: %v", name, err)
		}
		if err := c.detach(context.Background(), r); err != nil {
			t.Errorf("%s: DEL: %v", name, err)
		}
		if got := c.calls(t); got != "ADD a, DEL a" {
			t.Errorf("%s: called %s", name, got)
		}
	}
	c := newChain(t)
	if err := os.Chmod(filepath.Join(c.BinDirs[0], "b"), 0o644); err != nil {
		t.Fatal(err)
	}
	c.conflist(t, "a", "b")
	networks, err := loadNetworks(c.ConfDir, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.installed(networks); err == nil || !strings.Contains(err.Error(), filepath.Join(c.BinDirs[0], "b")+" cannot be executed") {
		t.Errorf("a plugin without the bit: %v", err)
	}
}

// TestLingering: a plugin that has answered is not waited for because of what it has left behind.
func TestLingering(t *testing.T) {
	path := filepath.Join(t.TempDir(), "plugin")
	if err := os.WriteFile(path, []byte("#!/bin/sh\nsleep 1000 &\necho $!\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	out, err := execPlugin(context.Background(), path, nil, os.Environ())
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(out)))
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.Kill(pid, unix.SIGKILL); err != nil {
		t.Errorf("what the plugin has left behind: %v", err)
	}
}

// TestHolder: who holds a container's lock is named, and who waits for it is not.
func TestHolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "containers", "default-web")
	held, err := takeClaim(t.Context(), dir, 0)
	if err != nil {
		t.Fatal(err)
	}
	waits, err := os.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer waits.Close()
	_, err = takeClaim(t.Context(), dir, 0)
	if want := "(pid " + strconv.Itoa(os.Getpid()) + ")"; !errors.Is(err, errBusy) || strings.Count(err.Error(), want) != 1 {
		t.Errorf("%v, want %s", err, want)
	}
	if err := held.release(); err != nil {
		t.Error(err)
	}
	if got := holders(dir); got != nil {
		t.Errorf("nobody holds it, but %v", got)
	}
}
