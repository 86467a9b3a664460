package main

import (
	"fmt"
	"net/netip"
)

const (
	network   = "bench"
	namespace = "default"
	// maxContainers keeps every index within the 10.0.0.0/8 of the addresses, and the files within reason.
	maxContainers = 50000
)

// container is the i-th container of the bench network. Its names have the length that nerdctl's defaults have, which
// makes a line of the hosts file about 60 bytes.
type container int

func (c container) id() string       { return fmt.Sprintf("bench%059d", int(c)) }
func (c container) name() string     { return fmt.Sprintf("c%d", int(c)) }
func (c container) hostname() string { return fmt.Sprintf("host%08d", int(c)) }

// address returns 10.1.0.0 plus the index.
func (c container) address() netip.Addr {
	return netip.AddrFrom4([4]byte{10, byte(1 + int(c)>>16), byte(int(c) >> 8), byte(int(c))})
}

// line returns the container's line in a hosts file as nerdctl writes it.
func (c container) line() string {
	return fmt.Sprintf("%-15s %s %s.%s %s %s.%s\n", c.address(), c.hostname(), c.hostname(), network,
		c.name(), c.name(), network)
}

// sample returns the peers whose files are looked into after each operation: the first, the middle and the last.
func sample(n int) []container {
	return []container{1, container(n/2 + 1), container(n)}
}

// everyone returns all the peers.
func everyone(n int) []container {
	all := make([]container, n)
	for i := range all {
		all[i] = container(i + 1)
	}
	return all
}
