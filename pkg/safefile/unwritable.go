package safefile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Unwritable returns, of an error about something below dir, the one reason for which nothing at all can be written there, with
// what to do about it: a file in the place of a directory, a read-only or a full file system. It is nil for any other error.
func Unwritable(dir string, err error) error {
	switch {
	case errors.Is(err, unix.ENOTDIR):
		file := fileAbove(pathOf(dir, err))
		if file == "" {
			return nil
		}
		return &unwritable{fmt.Sprintf("%s is a file: move it away, or name another directory", file), unix.ENOTDIR}
	case errors.Is(err, unix.ENOSPC):
		return &unwritable{fmt.Sprintf("%s: %v; make room there", dir, unix.ENOSPC), unix.ENOSPC}
	case errors.Is(err, unix.EDQUOT):
		return &unwritable{fmt.Sprintf("%s: %v; make room there, or raise the quota", dir, unix.EDQUOT), unix.EDQUOT}
	case errors.Is(err, unix.EROFS):
		return &unwritable{fmt.Sprintf("%s: %v; mount it read-write, or name a directory that root can write", dir, unix.EROFS), unix.EROFS}
	}
	return nil
}

// unwritable is an error number with words of its own.
type unwritable struct {
	text  string
	errno unix.Errno
}

func (u *unwritable) Error() string { return u.text }

func (u *unwritable) Unwrap() error { return u.errno }

// pathOf returns the path that an error is about, or dir where it names none.
func pathOf(dir string, err error) string {
	var of *fs.PathError
	if errors.As(err, &of) {
		return of.Path
	}
	return dir
}

// fileAbove returns the path, or the nearest one above it, that is something else than a directory, "" if there is none.
func fileAbove(path string) string {
	for ; ; path = filepath.Dir(path) {
		info, err := os.Stat(path)
		switch {
		case err == nil && !info.IsDir():
			return path
		case err == nil || path == filepath.Dir(path):
			return ""
		}
	}
}
