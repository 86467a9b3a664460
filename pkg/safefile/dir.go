package safefile

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// Dir is a directory that is held open, so that what is in it is reached without walking the path to it again.
type Dir struct {
	fd   int
	path string
}

// Anywhere takes names that are paths themselves. It is not to be closed.
var Anywhere = &Dir{fd: unix.AT_FDCWD}

// OpenDir opens the directory at path, whose last element may not be a link. The error is that of open(2).
func OpenDir(path string) (*Dir, error) {
	fd, err := unix.Open(path, unix.O_PATH|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	return &Dir{fd, path}, nil
}

// Close closes the directory.
func (d *Dir) Close() error {
	if err := unix.Close(d.fd); err != nil {
		return &fs.PathError{Op: "close", Path: d.path, Err: err}
	}
	return nil
}

// Path returns the path of a name in the directory.
func (d *Dir) Path(name string) string { return filepath.Join(d.path, name) }

// Descriptor is Open for the quickest way to a file that exists: it returns the file descriptor itself, which the caller
// closes, and the state of the file.
func (d *Dir) Descriptor(name string, flags int) (fd int, st unix.Stat_t, err error) {
	err = untilDone(func() error {
		var err error
		fd, err = unix.Openat(d.fd, name, flags|safely|unix.O_CLOEXEC, 0)
		return err
	})
	if err != nil {
		path := d.Path(name)
		return -1, st, refusal(path, &fs.PathError{Op: "open", Path: path, Err: err})
	}
	err = unix.Fstat(fd, &st)
	switch {
	case err != nil:
		err = &fs.PathError{Op: "stat", Path: d.Path(name), Err: err}
	case !sole(&st):
		err = notRegular("open", d.Path(name))
	default:
		return fd, st, nil
	}
	return -1, st, errors.Join(err, unix.Close(fd))
}

// Lstat returns the state of what has a name in the directory, as lstat(2) does.
func (d *Dir) Lstat(name string) (unix.Stat_t, error) {
	var st unix.Stat_t
	if err := unix.Fstatat(d.fd, name, &st, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return st, &fs.PathError{Op: "lstat", Path: d.Path(name), Err: err}
	}
	return st, nil
}

// chunk is how many bytes of a file are read at a time, or a multiple of what a buffer has.
const chunk = 64 << 10

// chunks are what files are read with, to be parts of a string.
var chunks = sync.Pool{New: func() any { return new([chunk]byte) }}

// ReadString returns the content of a file of the directory, at most limit bytes of it. The errors are those of Descriptor and of
// read(2).
func (d *Dir) ReadString(name string, limit int64) (string, error) {
	fd, st, err := d.Descriptor(name, unix.O_RDONLY)
	if err != nil {
		return "", err
	}
	buffer := chunks.Get().(*[chunk]byte)
	defer chunks.Put(buffer)
	left := min(st.Size, limit)
	var text strings.Builder
	text.Grow(int(left))
	for left > 0 {
		var n int
		n, err = d.fill(fd, name, buffer[:min(chunk, left)])
		if n == 0 || err != nil { // it has become shorter, if there is no error
			break
		}
		text.Write(buffer[:n])
		left -= int64(n)
	}
	return text.String(), errors.Join(err, unix.Close(fd))
}

// ReadInto is ReadString for whoever only looks through one file after the other: the content is in the buffer, which is replaced by a
// larger one where it is too small.
func (d *Dir) ReadInto(buffer *[]byte, name string, limit int64) ([]byte, error) {
	fd, st, err := d.Descriptor(name, unix.O_RDONLY)
	if err != nil {
		return nil, err
	}
	size := int(min(st.Size, limit))
	if cap(*buffer) < size {
		*buffer = make([]byte, (size+chunk-1)/chunk*chunk) // the next file may be somewhat larger
	}
	text := (*buffer)[:size]
	n, err := d.fill(fd, name, text)
	return text[:n], errors.Join(err, unix.Close(fd))
}

// fill reads on in a file, until the buffer is full or nothing comes, and returns how many bytes came.
func (d *Dir) fill(fd int, name string, b []byte) (n int, err error) {
	for n < len(b) {
		more, err := unix.Read(fd, b[n:])
		switch {
		case errors.Is(err, unix.EINTR):
		case err != nil:
			return n, &fs.PathError{Op: "read", Path: d.Path(name), Err: err}
		case more == 0:
			return n, nil
		default:
			n += more
		}
	}
	return n, nil
}
