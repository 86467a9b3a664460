package safefile

import (
	"errors"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// Remove removes a file or an empty directory; one that is absent, or a directory with something in it, is no error. A
// flag that keeps a file from being removed is taken off: a container may have set it on its own files.
func Remove(path string) error {
	err := remove(path)
	if errors.Is(err, unix.EPERM) && makeMutable(path) == nil {
		err = remove(path)
	}
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENOTEMPTY) || errors.Is(err, fs.ErrExist) {
		return nil
	}
	return err
}

// remove is os.Remove, which tries rmdir(2) also where nothing is there: most of what the end of a container looks for is absent.
func remove(path string) error {
	err := untilDone(func() error { return unix.Unlink(path) })
	if errors.Is(err, unix.EISDIR) {
		err = untilDone(func() error { return unix.Rmdir(path) })
	}
	if err != nil {
		return &fs.PathError{Op: "remove", Path: path, Err: err}
	}
	return nil
}

// RemoveDir removes a directory if nothing is in it, and reports whether it no longer exists.
func RemoveDir(path string) (gone bool) {
	err := untilDone(func() error { return unix.Rmdir(path) })
	return err == nil || errors.Is(err, unix.ENOENT)
}

// untilDone makes a system call again that a signal has interrupted.
func untilDone(call func() error) error {
	for {
		if err := call(); !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}

// Flags of an inode, from linux/fs.h.
const (
	flagImmutable = 0x10 // FS_IMMUTABLE_FL
	flagAppend    = 0x20 // FS_APPEND_FL
)

// makeMutable takes the flags off that keep a file from being removed, see ioctl_iflags(2).
func makeMutable(path string) error {
	f, err := Open(path, os.O_RDONLY, 0)
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
	f, err := Open(path, os.O_RDONLY, 0)
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
