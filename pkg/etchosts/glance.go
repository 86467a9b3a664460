package etchosts

import (
	"bytes"
	"maps"
	"slices"
	"strings"
)

// mostOdd is how many lines a glance lets be missing, and how many too much; and how far it looks ahead for one.
const mostOdd = 16

// glance is Compare for a file that is as it has to be, or all but a few lines that share no name with others, as beside an operation: it
// compares long stretches and takes neither the file nor what is wanted apart. It reports false where it cannot tell exactly what Compare
// has to.
func glance(m Marker, w Wish, text []byte) (d Difference, ok bool) {
	if w.Gathered || w.Patient || len(text)/minRoom+mostOdd > w.Bounds.Lines { // no wanted line is shorter
		return d, false
	}
	ours, theirs, ok := regions(m, text)
	if !ok || 2*len(ours) > w.Bounds.Lines {
		return d, false
	}
	p := parsed{userNames: map[string]struct{}{}}
	for line := range strings.Lines(theirs) {
		p.user(line, w.Bounds.Names)
	}
	if p.nameBytes > w.Bounds.Names {
		return d, false
	}
	d.UserNames = slices.Sorted(maps.Keys(p.userNames))
	c := comparison{blocks: w.Blocks(d.UserNames)}
	for _, region := range ours {
		if !c.region(region) {
			return d, false
		}
	}
	if !c.lacks(c.rest()) || slices.ContainsFunc(c.extra, w.Known) {
		return d, false
	}
	if len(c.missing) > 0 && (w.Shared == nil || slices.ContainsFunc(c.missing, w.Shared)) {
		return d, false
	}
	for _, line := range c.missing {
		d.Missing = append(d.Missing, bare(line))
	}
	for _, line := range c.extra {
		d.Extra = append(d.Extra, bare(line))
	}
	return d, true
}

// regions returns what stands between each two markers, and all that stands outside. It reports false if a marker opens or closes nothing.
func regions(m Marker, text []byte) (ours [][]byte, theirs string, ok bool) {
	begin, end := strings.TrimSuffix(m.Begin(), "\n"), strings.TrimSuffix(m.End(), "\n")
	var outside strings.Builder
	inside, from := false, 0
	for off := 0; ; {
		n := bytes.Index(text[off:], []byte(markerStart))
		if n < 0 {
			outside.Write(text[from:])
			return ours, outside.String(), !inside
		}
		off += n
		line := firstLine(text[off:])
		if opens, closes := isMark(line, begin), isMark(line, end); (opens || closes) && (off == 0 || text[off-1] == '\n') {
			switch {
			case opens == inside:
				return nil, "", false
			case opens:
				outside.Write(text[from:off])
			default:
				ours = append(ours, text[from:off])
			}
			inside, from = opens, off+len(line)
		}
		off += len(line)
	}
}

// firstLine returns the first line of a text, with its newline if it has one.
func firstLine(text []byte) []byte {
	if n := bytes.IndexByte(text, '\n'); n >= 0 {
		return text[:n+1]
	}
	return text
}

// comparison goes through the wanted lines as it goes through a file.
type comparison struct {
	next    string   // what is to come, up to the end of a block
	blocks  []string // what comes then
	missing []string // wanted lines that it has not met
	extra   []string // lines that it has met and that were not to come
}

// more begins the next block that is not empty. It reports false when nothing is to come any more.
func (c *comparison) more() bool {
	for c.next == "" && len(c.blocks) > 0 {
		c.next, c.blocks = c.blocks[0], c.blocks[1:]
	}
	return c.next != ""
}

// region compares what stands in a region. It reports false when too much differs.
func (c *comparison) region(text []byte) bool {
	for len(text) > 0 {
		if c.more() {
			n := commonLines(text, c.next)
			if text, c.next = text[n:], c.next[n:]; c.next == "" || len(text) == 0 {
				continue
			}
		}
		line := firstLine(text)
		if text = text[len(line):]; line[0] != '#' && len(bytes.TrimSpace(line)) > 0 && !c.odd(string(line)) {
			return false
		}
	}
	return true
}

// odd notes a line that is not the next that is wanted.
func (c *comparison) odd(line string) bool {
	ahead := c.rest()
	if n := slices.Index(ahead, line); n >= 0 {
		for range n + 1 {
			c.more()
			c.next = c.next[1+strings.IndexByte(c.next, '\n'):]
		}
		return c.lacks(ahead[:n])
	}
	c.extra = append(c.extra, line)
	return len(c.extra) <= mostOdd
}

// rest returns the next lines that are to come, at most one more than may be missing.
func (c *comparison) rest() []string {
	list := firstLines(nil, c.next)
	for _, block := range c.blocks {
		if len(list) > mostOdd {
			break
		}
		list = firstLines(list, block)
	}
	return list
}

// firstLines appends lines of a block to a list, up to one more than may be missing.
func firstLines(list []string, block string) []string {
	for line := range strings.Lines(block) {
		if len(list) > mostOdd {
			break
		}
		list = append(list, line)
	}
	return list
}

// lacks notes wanted lines that are missing.
func (c *comparison) lacks(lines []string) bool {
	c.missing = append(c.missing, lines...)
	return len(c.missing) <= mostOdd
}

// commonLines returns how many bytes of whole lines two texts have in common at their beginnings.
func commonLines(text []byte, wanted string) int {
	n, most := 0, min(len(text), len(wanted))
	for step := 1 << 10; step > 0; step >>= 3 {
		for n+step <= most && string(text[n:n+step]) == wanted[n:n+step] {
			n += step
		}
	}
	return 1 + bytes.LastIndexByte(text[:n], '\n')
}
