package etchosts

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/etcfiles/etcfiles/pkg/safefile"
)

var (
	// ErrTooLarge is the error for a file that holds more than its bounds say.
	ErrTooLarge = errors.New("too large")
	// ErrChanged is the error of Find and Strike when the file does not hold what the caller remembers.
	ErrChanged = errors.New("file was changed by somebody else")
)

// State tells whether anybody has changed a file since it was taken: inode number, size in bytes and time of the last
// change (ctime, which no unprivileged process can set) in nanoseconds of the epoch.
type State struct {
	Inode uint64
	Size  int64
	Ctime int64
}

// File is an open hosts file that may be mounted in a running container.
type File struct {
	fd      int
	dir     *safefile.Dir
	name    string
	marker  Marker
	state   State
	access  unix.Stat_t // as it was opened
	settled bool        // nothing was written since Settle
	raced   bool        // somebody else has written while we did
	changed bool        // a write was made
	wrote   func()      // called after every write, for the tests; may be nil
}

// OpenIn opens a file of the directory for edits, as safefile.Open does: it neither follows a link nor waits, and the error is
// safefile.ErrNotRegular for whatever is not a regular file with exactly one name, or that of open(2).
func OpenIn(dir *safefile.Dir, name string, m Marker) (*File, error) {
	return open(dir, name, m, unix.O_RDWR)
}

// OpenRead is OpenIn for reading only, of a file by its path.
func OpenRead(path string, m Marker) (*File, error) {
	return open(safefile.Anywhere, path, m, unix.O_RDONLY)
}

func open(dir *safefile.Dir, name string, m Marker, flags int) (*File, error) {
	fd, st, err := dir.Descriptor(name, flags)
	if err != nil {
		return nil, err
	}
	return &File{fd: fd, dir: dir, name: name, marker: m, state: stateOf(&st), access: st}, nil
}

func (f *File) path() string { return f.dir.Path(f.name) }

func stateOf(st *unix.Stat_t) State {
	return State{Inode: st.Ino, Size: st.Size, Ctime: st.Ctim.Nano()}
}

// Close closes the file. After edits without a Settle it sees to the mtime as that does.
func (f *File) Close() error {
	err := f.later()
	if closeErr := unix.Close(f.fd); closeErr != nil {
		err = errors.Join(err, fmt.Errorf("close %s: %w", f.path(), closeErr))
	}
	return err
}

// later gives a file that was written a later mtime than it had, and takes the state anew.
func (f *File) later() error {
	if !f.changed || f.settled {
		return nil
	}
	f.settled = true
	st, err := safefile.Later(f.fd, f.access.Mtim)
	if err != nil {
		return fmt.Errorf("mtime of %s: %w", f.path(), err)
	}
	f.state = stateOf(&st)
	return nil
}

// State returns the state as it was at Open or at the last Refresh.
func (f *File) State() State { return f.state }

// Changed reports whether anything was written, or tried to be.
func (f *File) Changed() bool { return f.changed }

// Refresh takes the state anew, after edits.
func (f *File) Refresh() (State, error) {
	var st unix.Stat_t
	if err := unix.Fstat(f.fd, &st); err != nil {
		return State{}, fmt.Errorf("stat %s: %w", f.path(), err)
	}
	f.state = stateOf(&st)
	return f.state, nil
}

// Restore brings the mode and the owner to what they have to be, before any edit; then the state is to be taken anew. A file
// that somebody else may have changed has its capabilities(7) taken, as every write does.
func (f *File) Restore(a safefile.Access, touched bool) error {
	_, err := a.Restore(f.fd, &f.access)
	if touched {
		err = errors.Join(err, safefile.TakeCapabilities(f.fd))
	}
	return err
}

// Disarm takes from the file of somebody else what lets those who run it be somebody else, see safefile.Disarm.
func (f *File) Disarm() error { return safefile.Disarm(f.fd, &f.access) }

// Settle ends edits: the file has a later mtime than before, see safefile.Later, and the state is taken anew. It is the zero
// State when somebody else is seen to have written meanwhile: then nobody knows what the file holds.
func (f *File) Settle() (State, error) {
	size := f.state.Size
	err := f.later()
	if err == nil && !f.changed {
		_, err = f.Refresh()
	}
	if err != nil || f.raced || f.state.Size != size {
		return State{}, err
	}
	return f.state, nil
}

// Within returns ErrTooLarge for a file of more than limit bytes.
func (f *File) Within(limit int64) error {
	if size := f.state.Size; size > limit {
		return &fs.PathError{Op: "read", Path: f.path(), Err: fmt.Errorf("%d of at most %d bytes: %w", size, limit, ErrTooLarge)}
	}
	return nil
}

// read reads the whole file; the error is ErrTooLarge beyond limit bytes.
func (f *File) read(limit int64) (string, error) {
	if err := f.Within(limit); err != nil {
		return "", err
	}
	size := f.state.Size
	var text strings.Builder
	text.Grow(int(size))
	buffer := buffers.Get().(*[]byte)
	defer buffers.Put(buffer)
	for off := int64(0); off < size; {
		b, err := f.load(buffer, off, min(size, off+chunk))
		if err != nil {
			return "", err
		}
		if len(b) == 0 {
			break
		}
		text.Write(b)
		off += int64(len(b))
	}
	return text.String(), nil
}

// chunk is how many bytes of a file are read at a time.
const chunk = 64 << 10

func (f *File) readAt(b []byte, off int64) (int, error) {
	done := 0
	for done < len(b) {
		n, err := unix.Pread(f.fd, b[done:], off+int64(done))
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return done, fmt.Errorf("read %s: %w", f.path(), err)
		}
		if n == 0 {
			break
		}
		done += n
	}
	return done, nil
}

func (f *File) writeAt(b []byte, off int64) error {
	n, err := unix.Pwrite(f.fd, b, off)
	return f.written(n, len(b), err)
}

func (f *File) written(n, want int, err error) error {
	f.changed, f.settled = true, false
	if f.wrote != nil {
		f.wrote()
	}
	if err == nil && n < want { // what cuts a write to a regular file short is a lack of room
		err = fmt.Errorf("%d of %d bytes: %w", n, want, unix.ENOSPC)
	}
	if err != nil {
		return &fs.PathError{Op: "write", Path: f.path(), Err: err}
	}
	return nil
}

// tail reports how the file ends: with our end marker, and with a newline (or empty).
func (f *File) tail(size int64) (closed, newline bool, err error) {
	end := f.marker.End()
	b := make([]byte, len(end)+1)
	off := max(size-int64(len(b)), 0)
	n, err := f.readAt(b[:min(int64(len(b)), size)], off)
	if err != nil {
		return false, false, err
	}
	b = b[:n]
	closed = bytes.HasSuffix(b, []byte(end)) && (len(b) == len(end) || b[0] == '\n')
	return closed, n == 0 || b[n-1] == '\n', nil
}
