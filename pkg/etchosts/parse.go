package etchosts

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/etcfiles/etcfiles/pkg/safefile"
)

// Bounds are what a file may hold; one that holds more is left alone. A container owns its file and may fill it.
type Bounds struct {
	Bytes int64 // in the file
	Lines int   // of ours in regions, and markers
	Names int   // bytes of the names in the user's own lines, with nameCost for each
}

// nameCost is what each name counts in Bounds besides its own bytes: what it takes to remember it.
const nameCost = 16

// entry is one line of a region.
type entry struct {
	off     int64
	text    string // with its newline
	strayed bool   // it stands in a region that is broken, and must give way to one in a region that is not
}

// stretch is where an entry lies. It holds no pointer: the garbage collector would follow one for every line of every file.
type stretch struct {
	off     int64
	length  int
	strayed bool
}

// parsed is what a file holds.
type parsed struct {
	text      string
	live      []stretch           // our lines, in the order of the file, see entry
	room      []Room              // what comment lines inside our regions leave
	opens     []int64             // offsets of begin markers that open nothing
	closes    []int64             // offsets of end markers that close nothing
	userNames map[string]struct{} // lower-case names in the user's own lines
	nameBytes int                 // what the names count
	userBytes int64               // of the user's own lines
}

// entry returns one of the live lines.
func (p *parsed) entry(i int) entry {
	s := p.live[i]
	return entry{s.off, p.text[s.off : s.off+int64(s.length)], s.strayed}
}

// entries returns the live lines from one, up to and without another.
func (p *parsed) entries(from, to int) []entry {
	list := make([]entry, 0, to-from)
	for i := from; i < to; i++ {
		list = append(list, p.entry(i))
	}
	return list
}

// Names calls yield with every name of a hosts(5) line, if its first word is an address. A comment is no part of the line.
// It allocates nothing: whoever compares a file calls it for every line.
func Names(line string, yield func(addr netip.Addr, name string)) {
	line, _, _ = strings.Cut(line, "#")
	first, rest := word(line)
	name, rest := word(rest)
	if name == "" {
		return
	}
	addr, err := netip.ParseAddr(first)
	if err != nil {
		return
	}
	for name != "" {
		yield(addr, name)
		name, rest = word(rest)
	}
}

// word returns the first word of a line and what follows it, "" when there is none.
func word(line string) (first, rest string) {
	start := 0
	for start < len(line) && isBlank(line[start]) {
		start++
	}
	end := start
	for end < len(line) && !isBlank(line[end]) {
		end++
	}
	return line[start:end], line[end:]
}

// isBlank is isspace(3) of the C locale: no other character parts the words of a line for libc.
func isBlank(c byte) bool { return c == ' ' || '\t' <= c && c <= '\r' }

// standing is where a line stands.
type standing int

const (
	outside  standing = iota // of every region
	inRegion                 // between a begin and an end marker
	inBroken                 // after a begin marker that opens nothing
	opener                   // a begin marker that opens nothing
	closer                   // an end marker that closes nothing
	border                   // a marker of a region
)

// mark is a marker line.
type mark struct {
	off int64
	end bool
}

// scan calls visit with every line of a text, its offset and where it stands. Regions may be several. A begin marker that
// a second one follows, or that the end of the file leaves open, opens nothing. The error is ErrTooLarge for more
// than maxMarks markers; then nothing was visited.
func scan(m Marker, text string, maxMarks int, visit func(s standing, off int64, line string)) error {
	marks, err := findMarks(m, text, maxMarks)
	if err != nil {
		return err
	}
	s := outside
	for off := int64(0); off < int64(len(text)); {
		line := lineAt(text, off)
		switch {
		case len(marks) == 0 || off < marks[0].off:
			visit(s, off, line)
		case !marks[0].end:
			if closed := len(marks) > 1 && marks[1].end; closed {
				visit(border, off, line)
				s = inRegion
			} else {
				visit(opener, off, line)
				s = inBroken
			}
			marks = marks[1:]
		default:
			if s == inRegion {
				visit(border, off, line)
			} else {
				visit(closer, off, line)
			}
			s = outside
			marks = marks[1:]
		}
		off += int64(len(line))
	}
	return nil
}

func findMarks(m Marker, text string, limit int) ([]mark, error) {
	begin, end := strings.TrimSuffix(m.Begin(), "\n"), strings.TrimSuffix(m.End(), "\n")
	var marks []mark
	for off := int64(0); ; {
		n := strings.Index(text[off:], markerStart)
		if n < 0 {
			return marks, nil
		}
		off += int64(n)
		line := lineAt(text, off)
		if off == 0 || text[off-1] == '\n' {
			if bare := strings.TrimRight(line, " \t\r\n"); bare == begin || bare == end {
				marks = append(marks, mark{off, bare == end})
			}
		}
		if len(marks) > limit {
			return nil, fmt.Errorf("more than %d markers: %w", limit, ErrTooLarge)
		}
		off += int64(len(line))
	}
}

// lineAt returns the line that begins at the offset, with its newline if it has one.
func lineAt(text string, off int64) string {
	if n := strings.IndexByte(text[off:], '\n'); n >= 0 {
		return text[off : off+int64(n)+1]
	}
	return text[off:]
}

// parse takes a file apart. The lines after a begin marker that opens nothing are the user's unless known says that we
// wrote them. The error is ErrTooLarge for a file beyond the bounds.
func parse(m Marker, text string, b Bounds, known func(line string) bool) (*parsed, error) {
	p := &parsed{text: text, userNames: map[string]struct{}{}, live: make([]stretch, 0, min(b.Lines, strings.Count(text, "\n"))+1)}
	err := scan(m, text, b.Lines, func(s standing, off int64, line string) {
		if len(p.live) > b.Lines || p.nameBytes > b.Names {
			return
		}
		switch s {
		case inRegion:
			if idle(line) {
				p.free(off, line[0], len(line))
			} else {
				p.live = append(p.live, stretch{off: off, length: len(line)})
			}
		case opener:
			p.opens = append(p.opens, off)
		case closer:
			p.closes = append(p.closes, off)
		case inBroken:
			if !idle(line) && known(line) {
				p.live = append(p.live, stretch{off: off, length: len(line), strayed: true})
				return
			}
			p.user(line, b.Names)
		case outside:
			p.user(line, b.Names)
		}
	})
	switch {
	case err != nil:
		return nil, err
	case len(p.live) > b.Lines:
		return nil, fmt.Errorf("more than %d lines between the markers: %w", b.Lines, ErrTooLarge)
	case p.nameBytes > b.Names:
		return nil, fmt.Errorf("more than %d bytes of names of its own: %w", b.Names, ErrTooLarge)
	}
	return p, nil
}

// user notes the names of a line of the user's, until there are more than limit.
func (p *parsed) user(line string, limit int) {
	p.userBytes += int64(len(line))
	Names(line, func(_ netip.Addr, name string) {
		if p.nameBytes > limit {
			return
		}
		name = strings.ToLower(name)
		if _, ok := p.userNames[name]; !ok {
			p.nameBytes += len(name) + nameCost
			p.userNames[strings.Clone(name)] = struct{}{}
		}
	})
}

// idle reports whether a line holds nothing: it is blank or a comment.
func idle(line string) bool { return line[0] == '#' || strings.TrimSpace(line) == "" }

// Room is where entries may stand: bytes that are all comment, within one page.
type Room struct {
	Offset int64 // in bytes
	Length int   // in bytes
}

// end returns the offset behind the room.
func (r Room) end() int64 { return r.Offset + int64(r.Length) }

const (
	minRoom  = addressColumn + len("a\n") // bytes of the shortest entry
	maxRooms = 4096                       // remembered for one file: whatever finds no room is appended
)

// free notes the room of a line of a region, if its first byte makes it a comment, joined to its neighbour's, never across a page boundary.
func (p *parsed) free(off int64, first byte, length int) {
	if first != '#' || int(off%PageSize)+length > PageSize {
		return
	}
	if n := len(p.room); n > 0 {
		last := &p.room[n-1]
		switch {
		case last.end() == off && off%PageSize != 0:
			last.Length += length
			return
		case last.Length < minRoom:
			*last = Room{off, length}
			return
		case n == maxRooms:
			return
		}
	}
	p.room = append(p.room, Room{off, length})
}

// UserNames returns the lower-case names in the lines of a file that are not ours. The error is ErrTooLarge for a file
// beyond the bounds.
func UserNames(m Marker, text string, b Bounds) ([]string, error) {
	p, err := parse(m, text, b, func(string) bool { return false })
	if err != nil {
		return nil, err
	}
	return slices.Sorted(maps.Keys(p.userNames)), nil
}

// Content returns the entries of our regions, each with its newline and in the order of the file, and the lower-case names
// in the lines that are not ours. The error is ErrTooLarge for a file beyond the bounds.
func (f *File) Content(b Bounds) (lines, userNames []string, err error) {
	text, err := f.read(b.Bytes)
	if err != nil {
		return nil, nil, err
	}
	p, err := parse(f.marker, text, b, func(string) bool { return false })
	if err != nil {
		return nil, nil, &safefile.ContentError{Path: f.path(), Err: err}
	}
	for _, e := range p.entries(0, len(p.live)) {
		lines = append(lines, e.text)
	}
	return lines, slices.Sorted(maps.Keys(p.userNames)), nil
}
