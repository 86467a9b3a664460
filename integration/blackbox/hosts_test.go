package blackbox

import (
	"net/netip"
	"slices"
	"strings"
)

// entry is one line of a hosts file as libc reads it.
type entry struct {
	addr  string
	names []string
	line  string // the line itself, as it stands
}

// parseHosts reads hosts(5) as glibc does: a comment sign ends a line wherever it stands, any white space parts the
// words, and a line whose first word is no address is skipped.
func parseHosts(text string) []entry {
	var entries []entry
	for line := range strings.Lines(text) {
		live, _, _ := strings.Cut(line, "#")
		words := strings.Fields(live)
		if len(words) < 2 {
			continue
		}
		if _, err := netip.ParseAddr(words[0]); err != nil {
			continue
		}
		entries = append(entries, entry{words[0], words[1:], strings.TrimRight(line, "\r\n")})
	}
	return entries
}

// lookup returns the addresses of a name in the order of the file, an address as often as it is listed.
func lookup(entries []entry, name string) []string {
	var addrs []string
	for _, e := range entries {
		if slices.ContainsFunc(e.names, func(n string) bool { return strings.EqualFold(n, name) }) {
			addrs = append(addrs, e.addr)
		}
	}
	return addrs
}

// namesOf returns the names of an address in the order of the file.
func namesOf(entries []entry, addr string) []string {
	var names []string
	for _, e := range entries {
		if e.addr == addr {
			names = append(names, e.names...)
		}
	}
	return names
}

// liveLines returns the lines that libc reads, sorted.
func liveLines(entries []entry) []string {
	lines := make([]string, 0, len(entries))
	for _, e := range entries {
		lines = append(lines, e.line)
	}
	slices.Sort(lines)
	return lines
}
