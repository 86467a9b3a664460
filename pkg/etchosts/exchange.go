package etchosts

import (
	"bytes"
	"slices"
	"strings"
)

// Exchange is a change of many lines of a file that is as an edit of ours left it. A block is whole lines.
type Exchange struct {
	In   []string // blocks that come, wherever there is room, in order
	Last []string // blocks that come and have a name of a line that stands, comes too or goes: they are put behind all that lives, in order
	Out  []string // lines that go
}

// Exchange makes the change, and returns the largest rooms that there are then, and whether something was put at the end. What comes is
// there before what goes is struck. The error is ErrChanged, and nothing was written, when a line that is to go does not stand in the
// file, one that is to come does, or a marker opens or closes nothing; it is ErrTooLarge for a file beyond the bounds.
func (f *File) Exchange(b Bounds, x Exchange) (rooms []Room, appended bool, err error) {
	if err := f.Within(b.Bytes); err != nil {
		return nil, false, err
	}
	buffer := buffers.Get().(*[]byte)
	defer buffers.Put(buffer)
	text, err := f.load(buffer, 0, f.state.Size)
	if err != nil {
		return nil, false, err
	}
	found := seek(f.marker, text, x)
	if !found.sound || len(found.strike) != len(x.Out) {
		return nil, false, ErrChanged
	}
	tail, room, err := f.fill(text, found.room, inLines(x.In), 0)
	if err != nil {
		return nil, false, err
	}
	last, room, err := f.fill(text, room, inLines(x.Last), found.last)
	if err != nil {
		return nil, false, err
	}
	if tail = slices.Concat(tail, last); len(tail) > 0 {
		if _, err := f.Append(strings.Join(tail, "")); err != nil {
			return nil, false, err
		}
	}
	// The last one first, as in Reconcile.
	for _, r := range slices.Backward(found.strike) {
		if err := f.strike(r.Offset, string(text[r.Offset:r.end()])); err != nil {
			return nil, false, err
		}
	}
	return largest(append(room, found.strike...)), len(tail) > 0, nil
}

// RoomBehind returns how many bytes of room there are behind all lines that live. A file of more than limit bytes counts as having none.
func (f *File) RoomBehind(limit int64) (bytes int64, err error) {
	if f.state.Size > limit {
		return 0, nil
	}
	buffer := buffers.Get().(*[]byte)
	defer buffers.Put(buffer)
	text, err := f.load(buffer, 0, f.state.Size)
	if err != nil {
		return 0, err
	}
	found := seek(f.marker, text, Exchange{})
	for _, r := range found.room {
		if found.sound && r.Offset > found.last {
			bytes += int64(r.Length)
		}
	}
	return bytes, nil
}

// sought is what a text has of what an Exchange looks for.
type sought struct {
	strike []Room // where the lines stand that go
	room   []Room
	last   int64 // where the last line that lives stands
	sound  bool  // no line stands already that comes, and no marker opens or closes nothing
}

// seek looks through a text once, for an Exchange may be of a hundred files. It notes no more than is asked for.
func seek(m Marker, text []byte, x Exchange) (s sought) {
	changes := make(map[string]bool, len(x.Out)+len(x.In)+len(x.Last)) // true for a line that goes
	var some lineSieve
	note := func(text string, goes bool) {
		for line := range strings.Lines(text) {
			changes[line] = goes
			some.add([]byte(line))
		}
	}
	for _, block := range slices.Concat(x.In, x.Last) {
		note(block, false)
	}
	for _, line := range x.Out {
		note(line, true)
	}
	begin, end := strings.TrimSuffix(m.Begin(), "\n"), strings.TrimSuffix(m.End(), "\n")
	inside := false
	var p parsed // for its rooms
	for off := 0; off < len(text); {
		length := 1 + bytes.IndexByte(text[off:], '\n')
		if length == 0 {
			length = len(text) - off
		}
		line := text[off : off+length]
		switch {
		case line[0] == '#':
			opens, closes := isMark(line, begin), isMark(line, end)
			if opens == inside && opens || closes && !inside {
				return s
			}
			if inside = opens || inside && !closes; inside && !opens {
				p.free(int64(off), '#', length)
			}
		case inside:
			s.last = int64(off)
			if !some.may(line) {
				break
			}
			switch goes, changes := changes[string(line)]; {
			case goes:
				s.strike = append(s.strike, Room{int64(off), length})
			case changes:
				return s
			}
		}
		off += length
	}
	s.room, s.sound = p.room, !inside
	return s
}

// isMark reports whether a line is the marker.
func isMark(line []byte, marker string) bool {
	return len(line) > spoilAt && line[spoilAt] == ' ' && string(bytes.TrimRight(line, " \t\r\n")) == marker
}

// fill puts lines into the room that struck ones have left in the text beyond an offset, and returns those that find none, and what room
// is left. Each stands behind the one before it: those of one container share its names.
func (f *File) fill(text []byte, room []Room, lines []string, beyond int64) (rest []string, left []Room, err error) {
	for at := 0; at < len(room) && len(lines) > 0; at++ {
		r := &room[at]
		n, length := 0, 0
		for n < len(lines) && length+len(lines[n]) <= r.Length {
			length += len(lines[n])
			n++
		}
		if n == 0 || r.Offset < beyond {
			continue
		}
		if err := f.clear(*r, string(text[r.Offset:r.end()])); err != nil {
			return nil, nil, err
		}
		if err := f.revive(r.Offset, strings.Join(lines[:n], "")); err != nil {
			return nil, nil, err
		}
		r.Offset += int64(length)
		r.Length -= length
		lines = lines[n:]
	}
	return lines, room, nil
}
