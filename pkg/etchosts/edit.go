package etchosts

import (
	"bytes"
	"fmt"
	"strings"

	"golang.org/x/sys/unix"
)

// Append puts the block (whole lines of at most maxLine bytes) at the end of the file and returns its offset, or 0 when
// a page boundary parts it. Each write ends with an end marker in the page of its entries, so the file is well formed
// whenever the process may be killed, and stable names resolve at every instant.
func (f *File) Append(block string) (int64, error) {
	var first int64
	parts := pieces(block, PageSize-len(f.marker.End()))
	size := f.state.Size
	for i, piece := range parts {
		off, end, err := f.appendPiece(piece, size)
		if err != nil {
			return 0, err
		}
		if i == 0 && len(parts) == 1 {
			first = off
		}
		size = end
	}
	f.state.Size = size
	return first, nil
}

// pieces parts whole lines into runs of at most limit bytes.
func pieces(block string, limit int) []string {
	if len(block) <= limit {
		return []string{block}
	}
	var out []string
	start, end := 0, 0
	for line := range strings.Lines(block) {
		if end-start+len(line) > limit {
			out = append(out, block[start:end])
			start = end
		}
		end += len(line)
	}
	return append(out, block[start:end])
}

// appendPiece appends one region with entries that fit a page. It returns the offset of the entries and the new size.
func (f *File) appendPiece(piece string, size int64) (off, end int64, err error) {
	closed, newline, err := f.tail(size)
	if err != nil {
		return 0, 0, err
	}
	b := make([]byte, 0, len(piece)+2*len(f.marker)+PageSize)
	if !newline {
		b = append(b, '\n')
	}
	b = append(b, f.marker.Begin()...)
	entries := piece + f.marker.End()
	b = append(b, filler(gap(size+int64(len(b)), len(entries)))...)
	at := len(b)
	b = append(b, entries...)
	// RWF_APPEND, not an offset: the container's user may append at this very moment.
	n, writeErr := unix.Pwritev2(f.fd, [][]byte{b}, -1, unix.RWF_APPEND)
	end, err = unix.Seek(f.fd, 0, unix.SEEK_CUR)
	if err != nil {
		return 0, 0, fmt.Errorf("seek %s: %w", f.path(), err)
	}
	landed := end - int64(n)
	if n > 0 && landed != size {
		f.raced = true
		if n < len(b) { // somebody else has made it almost as large as a file can be: that is no lack of room
			writeErr = unix.EFBIG
		}
	}
	if err := f.written(n, len(b), writeErr); err != nil {
		return 0, 0, err
	}
	if closed && landed == size {
		join := []byte(f.marker.End() + f.marker.Begin())
		from, to := spoilAt, len(f.marker.End())+spoilAt
		join[from], join[to] = '#', '#'
		if err := f.writeAt(join[from:to+1], size-int64(len(f.marker.End())-from)); err != nil {
			return 0, 0, err
		}
	}
	return landed + int64(at), end, nil
}

// strike takes the block at offset off out, where it was just seen: the first byte of each line becomes a comment sign, one byte a
// write, then the rest is blanked.
func (f *File) strike(off int64, block string) error {
	at := off
	for line := range strings.Lines(block) {
		if err := f.writeAt([]byte{'#'}, at); err != nil {
			return err
		}
		at += int64(len(line))
	}
	return f.blank(off, len(block))
}

// blank overwrites a run of comment lines by one comment line of comment signs alone. Whatever part of the write a
// reader sees, each line that it sees begins with a comment sign.
func (f *File) blank(off int64, length int) error {
	if length < 2 {
		return nil
	}
	return f.writeAt(filler(length)[:length-1], off)
}

// Reuse writes the block into room that struck lines have left. It reports false, and writes nothing, when the block does
// not fit or the room is not there.
func (f *File) Reuse(r Room, block string) (bool, error) {
	if r.Offset < 1 || r.Length < len(block) || gap(r.Offset, r.Length) > 0 {
		return false, nil
	}
	b := make([]byte, r.Length+1)
	n, err := f.readAt(b, r.Offset-1)
	if err != nil {
		return false, err
	}
	if n < len(b) || b[0] != '\n' || b[r.Length] != '\n' || !comments(b[1:]) {
		return false, nil
	}
	if err := f.clear(r, string(b[1:])); err != nil {
		return false, err
	}
	return true, f.revive(r.Offset, block)
}

// clear makes one comment of the room, which holds the text, unless it is one already.
func (f *File) clear(r Room, text string) error {
	if strings.Count(text, "#") == r.Length-1 {
		return nil
	}
	return f.blank(r.Offset, r.Length)
}

// comments reports whether each line of a text is one that our edits leave: a comment, and no marker of a region.
func comments(text []byte) bool {
	for line := range bytes.Lines(text) {
		if line[0] != '#' || len(line) > 1 && line[1] != '#' && line[1] != '\n' {
			return false
		}
	}
	return true
}

// revive puts the block over a comment without a newline inside: as comment lines first, then alive by a
// one-byte write for each line.
func (f *File) revive(off int64, block string) error {
	body := []byte(block)
	var starts []int
	at := 0
	for line := range strings.Lines(block) {
		body[at] = '#'
		starts = append(starts, at)
		at += len(line)
	}
	if err := f.writeAt(body, off); err != nil {
		return err
	}
	for _, at := range starts {
		if err := f.writeAt([]byte{block[at]}, off+int64(at)); err != nil {
			return err
		}
	}
	return nil
}
