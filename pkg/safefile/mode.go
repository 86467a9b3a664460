package safefile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// SetMode gives a regular file of one name, or a directory, other permission bits. It follows no link. The error is
// ErrNotRegular for anything else.
func SetMode(path string, mode fs.FileMode) error {
	f, err := os.OpenFile(path, os.O_RDONLY|safely, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	st, err := stat(int(f.Fd()), path)
	if err != nil {
		return err
	}
	if st.Mode&unix.S_IFMT != unix.S_IFDIR && !sole(&st) {
		return notRegular("chmod", path)
	}
	return f.Chmod(mode)
}

// CheckDir refuses a path that has something else than a directory, also a link to one, with ENOTDIR. That nothing is there
// is fine.
func CheckDir(path string) error {
	_, err := DirExists(path)
	return err
}

// DirExists is CheckDir that tells also whether there is a directory.
func DirExists(path string) (bool, error) {
	st, err := Anywhere.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err == nil && st.Mode&unix.S_IFMT != unix.S_IFDIR {
		err = &fs.PathError{Op: "open", Path: path, Err: fmt.Errorf("%w: remove it", unix.ENOTDIR)}
	}
	return err == nil, err
}
