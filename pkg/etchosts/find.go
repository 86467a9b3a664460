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

// StrikeLine strikes a line and returns where that is: at one of the offsets, or else where Find finds it.
func (f *File) StrikeLine(line string, at []int64, near ...int64) (int64, error) {
	off, err := f.standing(line, at)
	if off == 0 && err == nil {
		off, err = f.Find(line, near...)
	}
	if err == nil {
		err = f.strike(off, line)
	}
	return off, err
}

// standing returns at which of the offsets a line stands, 0 for none.
func (f *File) standing(line string, at []int64) (int64, error) {
	buffer := buffers.Get().(*[]byte)
	defer buffers.Put(buffer)
	for _, off := range at {
		if off < 1 || off+int64(len(line)) > f.state.Size {
			continue
		}
		text, err := f.load(buffer, off-1, off+int64(len(line)))
		if err != nil {
			return 0, err
		}
		if lastLine(text, line) == 1 {
			return off, nil
		}
	}
	return 0, nil
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

// lastLine returns where the last line of a text that is the line begins, or -1. The first line of a text is none: a marker
// stands before ours.
func lastLine(text []byte, line string) int {
	sought := []byte("\n" + line)
	which := rarest(text, sought)
	last := -1
	for from := which; from < len(text); {
		at := bytes.IndexByte(text[from:], sought[which])
		if at < 0 {
			break
		}
		at += from
		if bytes.HasPrefix(text[at-which:], sought) {
			last = at - which + 1
		}
		from = at + 1
	}
	return last
}

// rarest returns which byte of what is sought occurs least in a text, about.
func rarest(text, sought []byte) int {
	const samples = 512
	if len(text) < 8*samples {
		return 0
	}
	var seen [256]int
	for i := 0; i < len(text); i += len(text) / samples {
		seen[text[i]]++
	}
	which := 0
	for i, c := range sought {
		if seen[c] < seen[sought[which]] {
			which = i
		}
	}
	return which
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
