package hostsstore

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

const (
	fileMode   = 0o644
	recordMode = 0o600
)

// MakeDir makes a directory of the data directory, and its parents, with the mode of its place whatever the umask is. Those
// that are there keep their mode.
func (d Dir) MakeDir(path string) error {
	mode := d.dirMode(path)
	err := os.Mkdir(path, mode)
	switch {
	case errors.Is(err, fs.ErrExist):
		return CheckDir(path)
	case errors.Is(err, fs.ErrNotExist):
		if err := d.makeParent(path); err != nil {
			return err
		}
		if err := os.Mkdir(path, mode); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	case err != nil:
		return err
	}
	return os.Chmod(path, mode)
}

// makeParent makes the parents of path. One that is there already may be a link to a directory, as /var/lib may be.
func (d Dir) makeParent(path string) error {
	parent := filepath.Dir(path)
	if info, err := os.Stat(parent); err == nil && info.IsDir() {
		return nil
	}
	return d.MakeDir(parent)
}

// WriteFile puts a file with mode 0644 in place by a temporary file in the same directory and a rename. It is for files
// that nobody has mounted yet or that can be made again: nothing is synced.
func WriteFile(path string, data []byte) error {
	return replace(path, data, fileMode, false)
}

// replace writes a temporary file beside path and renames it over path. With sync the content is on the disk before the
// name is, so that a power cut leaves the old content or the new one, never a part.
func replace(path string, data []byte, mode fs.FileMode, sync bool) (err error) {
	temporary := temporaryOf(path)
	if err := os.Remove(temporary); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := os.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(temporary))
		}
	}()
	_, err = f.Write(data)
	if err == nil {
		err = f.Chmod(mode)
	}
	if err == nil && sync {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(temporary, path)
}

func temporaryOf(path string) string {
	return filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".new")
}

// Remove removes a file or an empty directory; one that is absent, or a directory with something in it, is no error.
func Remove(path string) error {
	err := os.Remove(path)
	if errors.Is(err, unix.EPERM) && makeMutable(path) == nil {
		err = os.Remove(path)
	}
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, errNotEmpty) || errors.Is(err, fs.ErrExist) {
		return nil
	}
	return err
}

// Flags of an inode, from linux/fs.h.
const (
	flagImmutable = 0x10 // FS_IMMUTABLE_FL
	flagAppend    = 0x20 // FS_APPEND_FL
)

// makeMutable takes the flags off that keep a file from being removed, see ioctl_iflags(2): a container may have set them
// on its own files.
func makeMutable(path string) error {
	f, err := openRegular(path, os.O_RDONLY)
	if err != nil {
		return err
	}
	defer f.Close()
	flags, err := unix.IoctlGetInt(int(f.Fd()), unix.FS_IOC_GETFLAGS)
	if err != nil {
		return err
	}
	return unix.IoctlSetPointerInt(int(f.Fd()), unix.FS_IOC_SETFLAGS, flags&^(flagImmutable|flagAppend))
}

// Immutable reports whether a regular file has a flag that keeps everybody from writing it, see ioctl_iflags(2).
func Immutable(path string) (bool, error) {
	f, err := openRegular(path, os.O_RDONLY)
	if err != nil {
		return false, err
	}
	defer f.Close()
	flags, err := unix.IoctlGetInt(int(f.Fd()), unix.FS_IOC_GETFLAGS)
	if errors.Is(err, unix.ENOTTY) || errors.Is(err, unix.EOPNOTSUPP) { // a file system without flags
		return false, nil
	}
	return flags&(flagImmutable|flagAppend) != 0, err
}

// SetMode gives a regular file of one name, or a directory, other permission bits. It follows no link.
func SetMode(path string, mode fs.FileMode) error {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		return err
	}
	if kind := st.Mode & unix.S_IFMT; kind != unix.S_IFDIR && (kind != unix.S_IFREG || st.Nlink > 1) {
		return &fs.PathError{Op: "chmod", Path: path, Err: ErrNotRegular}
	}
	return f.Chmod(mode)
}
