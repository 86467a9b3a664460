package cluster

import (
	"net/netip"

	"github.com/etcfiles/etcfiles/pkg/names"
)

const (
	lineLength    = 511 // bytes of a line of a hosts file, newline included: what musl reads
	addressColumn = 15  // bytes of an address in it, at least
)

// size returns how much the entry takes in a hosts file.
func (e *Entry) size() (lines, bytes int) {
	for _, addr := range e.Addresses {
		l, b := size(addr, e.Names)
		lines, bytes = lines+l, bytes+b
	}
	return lines, bytes
}

// size returns the lines for an address with names, and the bytes in them: each has the address and as many of the names as fit.
func size(addr netip.Addr, list []names.Name) (lines, bytes int) {
	head := addressColumn
	if addr.Is6() {
		head = max(head, len(addr.String()))
	}
	width := lineLength // of the line so far, without its newline
	for _, name := range list {
		own := 1 + len(name.String())
		if width+own+1 > lineLength {
			lines, bytes, width = lines+1, bytes+head+1, head
		}
		width, bytes = width+own, bytes+own
	}
	return lines, bytes
}
