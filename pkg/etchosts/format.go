package etchosts

import (
	"bytes"
	"net/netip"
	"strings"
)

const (
	// PageSize is the unit in which an append becomes visible to readers; no entry crosses a multiple of it.
	PageSize = 4096
	// maxLine is the longest line in bytes, newline included: musl's name_from_hosts reads 512 bytes with fgets.
	maxLine = 511

	addressColumn = 16
)

// Format returns the hosts(5) lines for one address: the address padded to 16 columns and the names separated by one
// blank, the first being the canonical one. Names that do not fit a line of maxLine bytes go to further lines with
// the same address. Without names it returns nothing.
func Format(addr netip.Addr, names []string) string {
	if len(names) == 0 {
		return ""
	}
	head := addr.String()
	if pad := addressColumn - 1 - len(head); pad > 0 {
		head += strings.Repeat(" ", pad)
	}
	var b strings.Builder
	width := 0
	for _, name := range names {
		if width > 0 && width+1+len(name)+1 > maxLine {
			b.WriteByte('\n')
			width = 0
		}
		if width == 0 {
			b.WriteString(head)
			width = len(head)
		}
		b.WriteByte(' ')
		b.WriteString(name)
		width += 1 + len(name)
	}
	b.WriteByte('\n')
	return b.String()
}

// markerStart is what the two lines that enclose a region begin with.
const markerStart = "# <"

// Marker is the word in the two lines that enclose our region.
type Marker string

// Begin returns the line that opens a region, with its newline.
func (m Marker) Begin() string { return markerStart + string(m) + ">\n" }

// End returns the line that closes a region, with its newline.
func (m Marker) End() string { return markerStart + "/" + string(m) + ">\n" }

// MarkerOf returns the word of a line that opens or closes a region of whatever marker: letters, digits, dots, dashes and
// underscores.
func MarkerOf(line string) (Marker, bool) {
	word, ok := strings.CutPrefix(strings.TrimRight(line, " \t\r\n"), markerStart)
	word, closed := strings.CutSuffix(strings.TrimPrefix(word, "/"), ">")
	other := strings.IndexFunc(word, func(r rune) bool {
		return (r < 'a' || 'z' < r) && (r < 'A' || 'Z' < r) && (r < '0' || '9' < r) && r != '.' && r != '-' && r != '_'
	})
	return Marker(word), ok && closed && word != "" && other < 0
}

// spoilAt is the offset in a marker line of the byte that a spoilt marker has as a second comment sign.
const spoilAt = 1

// filler returns n bytes that hold no entry: a comment line, or an empty line for n = 1.
func filler(n int) []byte {
	if n <= 0 {
		return nil
	}
	b := bytes.Repeat([]byte{'#'}, n)
	b[n-1] = '\n'
	return b
}

// gap returns how many bytes a filler before a piece of the given length needs at offset off, so that the piece does
// not cross a multiple of PageSize.
func gap(off int64, length int) int {
	room := PageSize - int(off%PageSize)
	if length <= room {
		return 0
	}
	return room
}

// Render returns the whole content of a new file: head (the user's bytes, completed by a newline), then one region
// with the blocks in order. A block is whole lines of at most maxLine bytes; an empty one takes no room. The second
// value holds the offset of every block, 0 for one that is empty or that had to be parted by a page boundary.
func Render(m Marker, head []byte, blocks []string) ([]byte, []int64) {
	b := append([]byte(nil), head...)
	if len(b) > 0 && b[len(b)-1] != '\n' {
		b = append(b, '\n')
	}
	put := func(s string) { b = append(append(b, filler(gap(int64(len(b)), len(s)))...), s...) }
	put(m.Begin())
	offsets := make([]int64, len(blocks))
	for i, block := range blocks {
		if block == "" {
			continue
		}
		if len(block) <= PageSize {
			put(block)
			offsets[i] = int64(len(b) - len(block))
			continue
		}
		for line := range strings.Lines(block) {
			put(line)
		}
	}
	put(m.End())
	return b, offsets
}
