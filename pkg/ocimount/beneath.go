package ocimount

import (
	"errors"
	"fmt"
	"os"
	"runtime"

	"golang.org/x/sys/unix"

	"github.com/etcfiles/etcfiles/pkg/safefile"
)

// openBeneath opens the directory of the rootfs as it is seen without the mount that the runtime makes of every rootfs, over whatever is
// there: crun makes that one read-only before the hook. What is mounted there besides keeps its attributes, so a rootfs that somebody else has
// mounted read-only stays so.
func (r *rootfs) openBeneath(path string) (*os.File, error) {
	type answer struct {
		dir *os.File
		err error
	}
	opened := make(chan answer)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with this, and its mount namespace
		dir, err := r.unmountAndOpen(path)
		opened <- answer{dir, err}
	}()
	a := <-opened
	return a.dir, a.err
}

// unmountAndOpen gives its thread a mount namespace of its own, in which it takes the topmost mount off the rootfs.
func (r *rootfs) unmountAndOpen(path string) (*os.File, error) {
	if err := unix.Unshare(unix.CLONE_NEWNS); err != nil {
		return nil, fmt.Errorf("unshare: %w", err)
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return nil, fmt.Errorf("make / private: %w", err)
	}
	if err := unix.Unmount(r.rootPath(), unix.MNT_DETACH); err != nil {
		return nil, fmt.Errorf("unmount %s: %w", r.rootPath(), err)
	}
	root, err := os.OpenFile(r.rootPath(), unix.O_PATH|unix.O_DIRECTORY, 0)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	same, err := sameFile(root, r.dir)
	if err != nil {
		return nil, err
	}
	if !same {
		return nil, errors.New("another directory lies beneath")
	}
	return safefile.OpenIn(root, path, unix.O_PATH|unix.O_DIRECTORY, unix.RESOLVE_IN_ROOT|unix.RESOLVE_NO_SYMLINKS)
}

func sameFile(a, b *os.File) (bool, error) {
	first, err := a.Stat()
	if err != nil {
		return false, err
	}
	second, err := b.Stat()
	return os.SameFile(first, second), err
}
