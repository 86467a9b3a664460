package ocihook

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// errBusy says that another hook, or a plugin of one that was killed, works on the container.
var errBusy = errors.New("another hook is at work on this container")

// claim is a container's directory, locked. Child processes inherit the lock: a plugin keeps it when its hook is killed.
type claim struct {
	dir string
	fd  int
}

// takeClaim makes the directory if need be and locks it, waiting for at most the time given. Past it the error is errBusy, with who holds the lock, and
// that of the context too when it is done first.
func takeClaim(ctx context.Context, dir string, wait time.Duration) (*claim, error) {
	deadline := time.Now().Add(wait)
	for {
		if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
			return nil, err
		}
		if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, err
		}
		// Without O_CLOEXEC, so that plugins inherit it.
		fd, err := unix.Open(dir, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW, 0)
		if errors.Is(err, fs.ErrNotExist) {
			continue // its last holder has just removed it
		}
		if err != nil {
			return nil, &os.PathError{Op: "open", Path: dir, Err: err}
		}
		err = unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB)
		if err == nil && sameFile(fd, dir) {
			return &claim{dir, fd}, nil
		}
		_ = unix.Close(fd)
		switch {
		case err == nil: // locked, but no longer at its place
		case !errors.Is(err, unix.EWOULDBLOCK):
			return nil, &os.PathError{Op: "flock", Path: dir, Err: err}
		case time.Now().After(deadline):
			return nil, busyError{dir, holders(dir)}
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("%w: the wait for it was cut short (%w): %w", busyError{dir, holders(dir)}, context.Cause(ctx), ctx.Err())
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func sameFile(fd int, path string) bool {
	var opened, there unix.Stat_t
	return unix.Fstat(fd, &opened) == nil && unix.Lstat(path, &there) == nil && opened.Dev == there.Dev && opened.Ino == there.Ino
}

// release gives the lock up, also for plugins that are still there. The directory goes with what is in it unless that is a
// record. To release it again does nothing.
func (c *claim) release() error {
	if c.fd < 0 {
		return nil
	}
	defer func() { c.fd = -1 }()
	_, err := os.Lstat(filepath.Join(c.dir, recordFile))
	if errors.Is(err, fs.ErrNotExist) {
		err = os.RemoveAll(c.dir)
	}
	return errors.Join(err, unix.Flock(c.fd, unix.LOCK_UN), unix.Close(c.fd))
}
