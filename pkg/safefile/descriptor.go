package safefile

import (
	"errors"
	"io/fs"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// What a container's start reads and writes goes by file descriptor: an os.File asks for the flags of each file, offers it to epoll(7), which
// takes none that is on a disk, and has a finalizer. That is two thirds of what a small file costs.

// called makes a system call, again where a signal has interrupted it, and says which it was and of which file.
func called(op, path string, call func() error) error {
	if err := untilDone(call); err != nil {
		return &fs.PathError{Op: op, Path: path, Err: err}
	}
	return nil
}

// openFile is open(2).
func openFile(path string, flags int, mode fs.FileMode) (fd int, err error) {
	err = called("open", path, func() (err error) {
		fd, err = unix.Open(path, flags|unix.O_CLOEXEC, uint32(mode.Perm()))
		return err
	})
	return fd, err
}

// Rename is rename(2): os.Rename looks at the new name first, to say of a directory that it exists.
func Rename(path, as string) error {
	err := untilDone(func() error { return unix.Renameat(unix.AT_FDCWD, path, unix.AT_FDCWD, as) })
	if err != nil {
		return &os.LinkError{Op: "rename", Old: path, New: as, Err: err}
	}
	return nil
}

// closeFile is close(2), which is not to be called again when a signal has interrupted it.
func closeFile(fd int, path string) error {
	if err := unix.Close(fd); err != nil && !errors.Is(err, unix.EINTR) {
		return &fs.PathError{Op: "close", Path: path, Err: err}
	}
	return nil
}

// writeAll writes all of the data.
func writeAll(fd int, path string, data []byte) error {
	return called("write", path, func() error {
		for len(data) > 0 {
			n, err := unix.Write(fd, data)
			if err != nil {
				return err
			}
			data = data[n:]
		}
		return nil
	})
}

// readAll reads to the end, at most limit bytes; size is how many there seem to be.
func readAll(fd int, path string, size, limit int64) ([]byte, error) {
	data := make([]byte, 0, max(leastRead, min(size, limit)+1)) // one more, so that the end is seen at once
	err := called("read", path, func() error {
		for int64(len(data)) < limit {
			if len(data) == cap(data) {
				data = append(data, 0)[:len(data)]
			}
			n, err := unix.Read(fd, data[len(data):min(int64(cap(data)), limit)])
			if err != nil {
				return err
			}
			if n == 0 {
				break
			}
			data = data[:len(data)+n]
		}
		return nil
	})
	return data, err
}

// leastRead is what is read at a time of a file that does not know its size, such as those of /proc.
const leastRead = 512

// maxKernel is more than the bytes of what ReadKernel is for.
const maxKernel = 512

// ReadKernel returns what a short file of /proc or /sys says, without space around it, at most 512 bytes. The kernel gives all of it to the first read(2).
func ReadKernel(path string) (string, error) {
	fd, err := openFile(path, unix.O_RDONLY, 0)
	if err != nil {
		return "", err
	}
	text, n := make([]byte, maxKernel), 0
	err = called("read", path, func() error {
		n, err = unix.Read(fd, text)
		return err
	})
	if err = errors.Join(err, closeFile(fd, path)); err != nil {
		return "", err
	}
	return strings.TrimSpace(string(text[:n])), nil
}
