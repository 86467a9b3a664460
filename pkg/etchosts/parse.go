package etchosts

import (
	"bytes"
	"maps"
	"net/netip"
	"slices"
	"strings"
)

// entry is one line of a region.
type entry struct {
	off     int64
	text    string // with its newline
	strayed bool   // it stands in a region that is broken, and must give way to one in a region that is not
}

// parsed is what a file holds.
type parsed struct {
	live      []entry             // our lines, in the order of the file
	free      []entry             // comment lines inside our regions
	opens     []int64             // offsets of begin markers that open nothing
	closes    []int64             // offsets of end markers that close nothing
	userNames map[string]struct{} // lower-case names in the user's own lines
}

// Names calls yield with every name of a hosts(5) line, if its first word is an address. A comment is no part of the line.
func Names(line string, yield func(addr netip.Addr, name string)) {
	line, _, _ = strings.Cut(line, "#")
	fields := strings.FieldsFunc(line, isBlank)
	if len(fields) < 2 {
		return
	}
	addr, err := netip.ParseAddr(fields[0])
	if err != nil {
		return
	}
	for _, name := range fields[1:] {
		yield(addr, name)
	}
}

// isBlank is isspace(3) of the C locale: no other character parts the words of a line for libc.
func isBlank(r rune) bool { return r == ' ' || '\t' <= r && r <= '\r' }

// parse takes a file apart. Regions may be several. A begin marker that a second one follows, or that the end of the
// file leaves open, opens nothing: the lines after it are the user's unless known says that we wrote them. An end
// marker outside a region is stray.
func parse(m Marker, data []byte, known func(line string) bool) *parsed {
	p := &parsed{userNames: map[string]struct{}{}}
	begin, end := strings.TrimSpace(m.Begin()), strings.TrimSpace(m.End())
	var region []entry
	open := int64(-1)
	user := func(e entry) {
		Names(e.text, func(_ netip.Addr, name string) { p.userNames[strings.ToLower(name)] = struct{}{} })
	}
	abandon := func() {
		for _, e := range region {
			if !idle(e.text) && known(e.text) {
				e.strayed = true
				p.live = append(p.live, e)
				continue
			}
			user(e)
		}
		p.opens = append(p.opens, open)
		region, open = region[:0], -1
	}
	var off int64
	for len(data) > 0 {
		line := data
		if i := bytes.IndexByte(data, '\n'); i >= 0 {
			line = data[:i+1]
		}
		data = data[len(line):]
		e := entry{off: off}
		off += int64(len(line))
		switch trimmed := bytes.TrimRight(line, " \t\r\n"); {
		case string(trimmed) == begin:
			if open >= 0 {
				abandon()
			}
			open = e.off
		case string(trimmed) == end && open >= 0:
			for _, r := range region {
				if idle(r.text) {
					p.free = append(p.free, r)
				} else {
					p.live = append(p.live, r)
				}
			}
			region, open = region[:0], -1
		case string(trimmed) == end:
			p.closes = append(p.closes, e.off)
		case open >= 0:
			e.text = string(line)
			region = append(region, e)
		default:
			if len(trimmed) > 0 && line[0] != '#' {
				e.text = string(line)
				user(e)
			}
		}
	}
	if open >= 0 {
		abandon()
	}
	return p
}

// idle reports whether a line holds nothing: it is blank or a comment.
func idle(line string) bool { return line[0] == '#' || strings.TrimSpace(line) == "" }

// slot is room for entries: bytes that are all comment, within one page.
type slot struct {
	off    int64
	length int
}

// slots returns the room that the comment lines leave, neighbours joined, never across a page boundary.
func (p *parsed) slots() []slot {
	var out []slot
	for _, e := range p.free {
		if e.text[0] != '#' {
			continue
		}
		length := len(e.text)
		if int(e.off%PageSize)+length > PageSize {
			continue
		}
		if n := len(out); n > 0 && out[n-1].off+int64(out[n-1].length) == e.off && e.off%PageSize != 0 {
			out[n-1].length += length
			continue
		}
		out = append(out, slot{e.off, length})
	}
	return out
}

// UserNames returns the lower-case names, sorted, in the lines of a file that are not ours.
func UserNames(m Marker, data []byte) []string {
	p := parse(m, data, func(string) bool { return false })
	return slices.Sorted(maps.Keys(p.userNames))
}

// Lines returns the entries of our regions, each with its newline, in the order of the file.
func Lines(m Marker, data []byte) []string {
	p := parse(m, data, func(string) bool { return false })
	out := make([]string, len(p.live))
	for i, e := range p.live {
		out[i] = e.text
	}
	return out
}
