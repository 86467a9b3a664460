package safefile

import (
	"errors"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// ErrNotRegular is the error for what is not a regular file: a link, directory, FIFO, socket or device. Where links are
// not followed it is also the error for a file with more than one name.
var ErrNotRegular = errors.New("not a regular file")

// safely are the flags of open(2) for a path that may lead anywhere.
const safely = unix.O_NOFOLLOW | unix.O_NONBLOCK | unix.O_NOCTTY

// Open opens a regular file that has no other name, with the flags of os.OpenFile and with mode for one that is made. It
// follows no link and waits for nothing. The error is ErrNotRegular or that of open(2), for a file with a lease EAGAIN.
func Open(path string, flags int, mode fs.FileMode) (*os.File, error) {
	f, _, err := open(path, flags, mode)
	return f, err
}

func open(path string, flags int, mode fs.FileMode) (*os.File, unix.Stat_t, error) {
	f, err := os.OpenFile(path, flags|safely, mode)
	if err != nil {
		return nil, unix.Stat_t{}, refusal(path, err)
	}
	st, err := oneName(int(f.Fd()), path)
	if err != nil {
		return nil, unix.Stat_t{}, errors.Join(err, f.Close())
	}
	return f, st, nil
}

// refusal returns the error of an open(2): ErrNotRegular where that is what it means.
func refusal(path string, err error) error {
	if errors.Is(err, unix.ELOOP) || errors.Is(err, unix.ENXIO) || errors.Is(err, unix.EISDIR) || errors.Is(err, unix.EACCES) && isDevice(os.Lstat(path)) {
		return notRegular("open", path)
	}
	return err
}

// isDevice reports whether it is a device, which does not open on a file system that is mounted with nodev.
func isDevice(info fs.FileInfo, err error) bool {
	return err == nil && info.Mode()&fs.ModeDevice != 0
}

func notRegular(op, path string) error {
	return &fs.PathError{Op: op, Path: path, Err: ErrNotRegular}
}

// oneName returns the state of an open file, which has to be a regular one with one name.
func oneName(fd int, path string) (unix.Stat_t, error) {
	st, err := stat(fd, path)
	if err == nil && !sole(&st) {
		err = notRegular("open", path)
	}
	return st, err
}

func stat(fd int, path string) (st unix.Stat_t, err error) {
	if err := unix.Fstat(fd, &st); err != nil {
		return st, &fs.PathError{Op: "stat", Path: path, Err: err}
	}
	return st, nil
}

func regular(st *unix.Stat_t) bool { return st.Mode&unix.S_IFMT == unix.S_IFREG }

// sole reports whether it is a regular file with one name.
func sole(st *unix.Stat_t) bool { return regular(st) && st.Nlink < 2 }
