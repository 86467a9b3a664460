package etchosts

import (
	"bytes"
	"sync"
)

// windows are how many bytes of a file are looked at where a line is guessed to stand, one after the other, before all of it
// is.
var windows = [...]int64{2 << 10, 16 << 10}

// buffers are what files are searched in. A process that edits a thousand files would fault in new pages for each.
var buffers = sync.Pool{New: func() any { return new([]byte) }}

// Find returns the offset of a line, with its newline, that stands in the file since an edit of ours; near are guesses. The
// error is ErrChanged when it does not stand there.
func (f *File) Find(line string, near ...int64) (int64, error) {
	buffer := buffers.Get().(*[]byte)
	defer buffers.Put(buffer)
	size := f.state.Size
	for _, window := range windows {
		for _, guess := range near {
			from := max(0, min(guess-window/2, size-window))
			off, err := f.search(buffer, from, min(size, from+window), line)
			if off >= 0 || err != nil {
				return off, err
			}
			if size <= window {
				return 0, ErrChanged
			}
		}
	}
	off, err := f.search(buffer, 0, size, line)
	if off < 0 && err == nil {
		err = ErrChanged
	}
	return max(0, off), err
}

// StrikeLine strikes a line where Find finds it, and returns where that is.
func (f *File) StrikeLine(line string, near ...int64) (int64, error) {
	off, err := f.Find(line, near...)
	if err == nil {
		err = f.strike(off, line)
	}
	return off, err
}

// search returns the offset of the last line from, up to to, that is the line, or -1.
func (f *File) search(buffer *[]byte, from, to int64, line string) (int64, error) {
	text, err := f.load(buffer, from, to)
	if err != nil {
		return -1, err
	}
	at := lastLine(text, line)
	if at < 0 {
		return -1, nil
	}
	return from + int64(at), nil
}

// load reads a part of the file into the buffer.
func (f *File) load(buffer *[]byte, from, to int64) ([]byte, error) {
	if n := int(to - from); cap(*buffer) < n {
		*buffer = make([]byte, n)
	}
	text := (*buffer)[:to-from]
	n, err := f.readAt(text, from)
	return text[:n], err
}

// telling is how much of a line is searched for: bytes.Index is quick with no more, and few lines begin alike.
const telling = 32

// lastLine returns where the last line of a text that is the line begins, or -1. The first line of a text is none: a marker
// stands before ours.
func lastLine(text []byte, line string) int {
	last, whole := -1, []byte("\n"+line)
	for from, start := 0, whole[:min(len(whole), telling)]; ; {
		at := bytes.Index(text[from:], start)
		if at < 0 {
			return last
		}
		if at += from; bytes.HasPrefix(text[at:], whole) {
			last = at + 1
		}
		from = at + 1
	}
}

// RoomBeyond returns room of at least length bytes that stands behind every one of the lines, and how many bytes of room
// there are behind them in all. The room has no length when there is none, or when one of the lines does not stand in the
// file. The error is ErrTooLarge for a file beyond the bounds.
func (f *File) RoomBeyond(b Bounds, lines []string, length int) (room Room, all int, err error) {
	text, err := f.read(b.Bytes)
	if err != nil {
		return Room{}, 0, err
	}
	p, err := parse(f.marker, text, b, func(string) bool { return false })
	if err != nil {
		return Room{}, 0, err
	}
	var beyond int64
	for _, line := range lines {
		i := len(p.live) - 1
		for i >= 0 && p.entry(i).text != line {
			i--
		}
		if i < 0 {
			return Room{}, 0, nil
		}
		beyond = max(beyond, p.live[i].off)
	}
	for _, r := range p.room {
		if r.Offset < beyond {
			continue
		}
		all += r.Length
		if room.Length == 0 && r.Length >= length {
			room = r
		}
	}
	return room, all, nil
}
