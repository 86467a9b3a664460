package faults

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/etcfiles/etcfiles/integration/internal/plugin"
)

// machine runs functions on a thread that sees a boot ID of its own, as after a reboot. So do the processes that they
// start.
type machine struct{ work chan func() }

func boot(t *testing.T, bootID string) machine {
	t.Helper()
	path := filepath.Join(t.TempDir(), "boot_id")
	if err := os.WriteFile(path, []byte(bootID+"\n"), 0o444); err != nil {
		t.Fatal(err)
	}
	m := machine{make(chan func())}
	booted := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		booted <- enterBoot(path)
		for f := range m.work {
			f()
		}
	}()
	t.Cleanup(func() { close(m.work) })
	if err := <-booted; err != nil {
		t.Fatal(err)
	}
	return m
}

func enterBoot(bootID string) error {
	if err := unix.Unshare(unix.CLONE_FS | unix.CLONE_NEWNS); err != nil {
		return err
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return err
	}
	return unix.Mount(bootID, "/proc/sys/kernel/random/boot_id", "", unix.MS_BIND, "")
}

// do calls f after the reboot.
func (m machine) do(f func()) {
	done := make(chan struct{})
	m.work <- func() {
		defer close(done)
		f()
	}
	<-done
}

// succeed runs the call, which must succeed without a warning, after the reboot.
func (m machine) succeed(c call) (err error) {
	m.do(func() { err = c.succeed() })
	return err
}

// run runs the call after the reboot.
func (m machine) run(c call) (r plugin.Reply, err error) {
	m.do(func() { r, err = c.run() })
	return r, err
}
