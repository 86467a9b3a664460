package faults

import (
	"errors"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/etcfiles/etcfiles/integration/internal/fleet"
)

// chattr is chattr(1).
func chattr(t *testing.T, flag, path string) {
	t.Helper()
	if out, err := exec.Command("chattr", flag, path).CombinedOutput(); err != nil {
		t.Fatalf("chattr %s: %v\n%s", flag, err, out)
	}
}

// conditions are what a container makes of its file besides its content. Each returns what ends it.
var conditions = map[string]func(t *testing.T, path string) (end func()){
	"a sparse gibibyte": func(t *testing.T, path string) func() { return grow(t, path, 1<<30) },
	"16 TiB large":      func(t *testing.T, path string) func() { return grow(t, path, 1<<44-4096) },
	"a real gibibyte": func(t *testing.T, path string) func() {
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err == nil {
			err = errors.Join(unix.Fallocate(int(f.Fd()), 0, 0, 1<<30), f.Close())
		}
		if err != nil {
			t.Fatal(err)
		}
		return func() {}
	},
	"without permissions": func(t *testing.T, path string) func() {
		if err := os.Chmod(path, 0); err != nil {
			t.Fatal(err)
		}
		return func() {
			if err := os.Chmod(path, 0o644); err != nil {
				t.Error(err)
			}
		}
	},
	"immutable": func(t *testing.T, path string) func() {
		chattr(t, "+i", path)
		return func() { chattr(t, "-i", path) }
	},
	"append only": func(t *testing.T, path string) func() {
		chattr(t, "+a", path)
		return func() { chattr(t, "-a", path) }
	},
	"leased": func(t *testing.T, path string) func() {
		f, err := os.Open(path)
		if err == nil {
			_, err = unix.FcntlInt(f.Fd(), unix.F_SETLEASE, unix.F_RDLCK)
		}
		if err != nil {
			t.Fatal(err)
		}
		return func() { f.Close() }
	},
	"locked": func(t *testing.T, path string) func() {
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		if err == nil {
			err = errors.Join(unix.Flock(int(f.Fd()), unix.LOCK_EX), unix.FcntlFlock(f.Fd(), unix.F_OFD_SETLK, &unix.Flock_t{Type: unix.F_WRLCK}))
		}
		if err != nil {
			t.Fatal(err)
		}
		return func() { f.Close() }
	},
	"a running program": func(t *testing.T, path string) func() {
		sleep, err := os.Open("/bin/sleep")
		if err != nil {
			t.Fatal(err)
		}
		defer sleep.Close()
		fill(t, path, sleep)
		if err := os.Chmod(path, 0o755); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(path, "1000")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		return func() {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
			if err := os.Chmod(path, 0o644); err != nil {
				t.Error(err)
			}
		}
	},
}

func grow(t *testing.T, path string, size int64) func() {
	t.Helper()
	if err := os.Truncate(path, size); err != nil {
		t.Fatal(err)
	}
	return func() {}
}

// TestCondition: whatever a container makes of its file, the others are served.
func TestCondition(t *testing.T) {
	f := newSiege(t, []fleet.Attachment{web, db, api}, comer)
	for name, make := range conditions {
		t.Run(name, func(t *testing.T) {
			end := make(t, f.Hosts(web))
			ended := false
			defer func() {
				if !ended {
					end()
				}
			}()
			f.comeAndGo(t)
			end()
			ended = true
			f.recover(t)
		})
	}
	row(t, "ADD, DEL, CHECK or GC while the hosts file of a container is in turn "+strings.Join(slices.Sorted(maps.Keys(conditions)), ", "), f.bill.calls,
		"all succeeded, the files of the others were exact; "+f.bill.String())
}
