package etchosts

import (
	"bytes"
	"net/netip"
)

// WithoutLoopback takes the lines out that give names to loopback or unspecified addresses: such a name of the host, as with 127.0.1.1 in
// Debian, would be the container itself.
func WithoutLoopback(data []byte) []byte {
	out := make([]byte, 0, len(data))
	for line := range bytes.Lines(data) {
		if fields := bytes.Fields(line); len(fields) > 0 {
			addr, err := netip.ParseAddr(string(fields[0]))
			if addr = addr.Unmap(); err == nil && (addr.IsLoopback() || addr.IsUnspecified()) {
				continue
			}
		}
		out = append(out, line...)
	}
	return out
}
