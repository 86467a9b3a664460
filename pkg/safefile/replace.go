package safefile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Replace puts a file with exactly that mode in place, whatever the umask is, by a temporary file in the same directory and
// a rename: a reader sees the old content or all of the new. What was at the path before, a link too, is no more. It is for
// files that nobody has mounted yet or that can be made again.
//
// With sync the content is on the disk before the name is, so that a power cut leaves the old content or the new one,
// never a part.
func Replace(path string, data []byte, mode fs.FileMode, sync bool) error {
	return replace(path, data, mode, sync, func(fd int) error {
		return called("chmod", path, func() error { return unix.Fchmod(fd, uint32(mode.Perm())) })
	})
}

// ReplaceAs is Replace for a file that has an owner other than who writes it, too: only who has the access ever sees the content. A label
// is set if it is given.
func ReplaceAs(path string, data []byte, a Access, sync bool) error {
	return replace(path, data, 0o600&a.Mode, sync, func(fd int) error {
		st, err := stat(fd, path)
		if err == nil {
			_, err = a.Restore(fd, &st)
		}
		return err
	})
}

// replace is Replace with a temporary file that is created with the mode at most, and given all that the new file shall have by finish.
func replace(path string, data []byte, mode fs.FileMode, sync bool, finish func(fd int) error) (err error) {
	temporary := Temporary(path)
	create := func() (int, error) {
		return openFile(temporary, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL, mode)
	}
	fd, err := create()
	if errors.Is(err, fs.ErrExist) { // of one that was killed, or put there
		if err := os.Remove(temporary); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		fd, err = create()
	}
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(temporary))
		}
	}()
	err = writeAll(fd, temporary, data)
	if err == nil {
		err = finish(fd)
	}
	if err == nil && sync {
		err = called("sync", temporary, func() error { return unix.Fsync(fd) })
	}
	if err = errors.Join(err, closeFile(fd, temporary)); err != nil {
		return err
	}
	return Rename(temporary, path)
}

// Temporary returns the path of the temporary file of Replace, which a process that is killed leaves there. Of a name that is as long as can
// be it has the beginning.
func Temporary(path string) string {
	const start, end = ".", ".new"
	base := filepath.Base(path)
	return filepath.Join(filepath.Dir(path), start+base[:min(len(base), unix.NAME_MAX-len(start)-len(end))]+end)
}
