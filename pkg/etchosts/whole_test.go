package etchosts

import "github.com/etcfiles/etcfiles/pkg/safefile"

// Open opens the file at path for edits.
func Open(path string, m Marker) (*File, error) { return OpenIn(safefile.Anywhere, path, m) }

// Strike is strike of a block that may have gone: the error is ErrChanged, and nothing is written, unless it stands there at the
// start of a line.
func (f *File) Strike(off int64, block string) error {
	if off < 1 {
		return ErrChanged
	}
	b := make([]byte, len(block)+1)
	n, err := f.readAt(b, off-1)
	if err != nil {
		return err
	}
	if n < len(b) || b[0] != '\n' || string(b[1:]) != block {
		return ErrChanged
	}
	return f.strike(off, block)
}
