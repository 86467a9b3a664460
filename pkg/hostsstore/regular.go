package hostsstore

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// ErrNotRegular is the error for a path of the store that has something else than a regular file of one name.
var ErrNotRegular = errors.New("not a regular file")

// openRegular opens a regular file that has no other name. It follows no link and waits for nothing.
func openRegular(path string, flags int) (*os.File, error) {
	f, err := os.OpenFile(path, flags|unix.O_NOFOLLOW|unix.O_NONBLOCK, recordMode)
	if errors.Is(err, unix.ELOOP) || errors.Is(err, unix.ENXIO) || errors.Is(err, unix.EISDIR) || errors.Is(err, unix.EACCES) && isDevice(path) {
		return nil, &fs.PathError{Op: "open", Path: path, Err: ErrNotRegular}
	}
	if err != nil {
		return nil, err
	}
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		return nil, errors.Join(&fs.PathError{Op: "stat", Path: path, Err: err}, f.Close())
	}
	if st.Mode&unix.S_IFMT != unix.S_IFREG || st.Nlink > 1 {
		return nil, errors.Join(&fs.PathError{Op: "open", Path: path, Err: ErrNotRegular}, f.Close())
	}
	return f, nil
}

// isDevice reports whether a path has a device, which does not open on a file system that is mounted with nodev.
func isDevice(path string) bool {
	info, err := os.Lstat(path)
	return err == nil && info.Mode()&fs.ModeDevice != 0
}

// ReadSmall reads a regular file of at most limit bytes, the rest is cut off. It neither follows a link nor blocks.
func ReadSmall(path string, limit int64) ([]byte, error) {
	f, err := openRegular(path, os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	data := bytes.NewBuffer(make([]byte, 0, min(info.Size(), limit)+bytes.MinRead))
	_, err = data.ReadFrom(io.LimitReader(f, limit))
	return data.Bytes(), err
}

// CheckDir refuses a path that has something else than a directory, also a link to one. That nothing is there is fine.
func CheckDir(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil && !info.IsDir() {
		err = &fs.PathError{Op: "open", Path: path, Err: fmt.Errorf("%w: remove it", unix.ENOTDIR)}
	}
	return err
}

// CheckDirs refuses a store in which the place of a directory of this namespace is taken.
func (n *Namespace) CheckDirs() error {
	var errs []error
	for _, dir := range n.dirs() {
		errs = append(errs, CheckDir(filepath.Dir(dir)), CheckDir(dir))
	}
	return errors.Join(errs...)
}

// checkContainer refuses a container whose directories are something else.
func (n *Namespace) checkContainer(id string) error {
	return errors.Join(CheckDir(filepath.Dir(n.RecordPath(id))), CheckDir(filepath.Dir(n.HostnamePath(id))))
}
