// Package hostlocal reads the ranges of the reference IPAM plugin host-local as that does: which addresses it gives, and what it refuses. A test
// holds it to the plugin's own package, which is not called since it brings knftables along: that takes a fifth of the start of a hook.
package hostlocal

import (
	"fmt"
	"net/netip"

	"github.com/etcfiles/etcfiles/pkg/iprange"
)

// Range is a range of addresses as the keys of host-local's configuration have it, see
// https://www.cni.dev/plugins/current/ipam/host-local. What is not given is the zero value.
type Range struct {
	Subnet     netip.Prefix `json:"subnet"`
	RangeStart netip.Addr   `json:"rangeStart"`
	RangeEnd   netip.Addr   `json:"rangeEnd"`
	Gateway    netip.Addr   `json:"gateway"`
}

// Fault is what host-local refuses of a range.
type Fault struct{ Key, Why string }

func (f *Fault) Error() string { return f.Key + " " + f.Why }

// CheckSubnet returns what is wrong with the subnet, nil for nothing.
func (r *Range) CheckSubnet() *Fault {
	switch bits := r.Subnet.Addr().BitLen() - 2; {
	case !r.Subnet.IsValid():
		return &Fault{"subnet", "is missing"}
	case r.Subnet != r.Subnet.Masked():
		return &Fault{"subnet", fmt.Sprintf("%s has bits behind the prefix, which host-local refuses: write %s", r.Subnet, r.Subnet.Masked())}
	case r.Subnet.Bits() > bits:
		return &Fault{"subnet", fmt.Sprintf("%s is too small for host-local: it wants a prefix of at most %d bits", r.Subnet, bits)}
	}
	return nil
}

// Complete fills in what is not given: all of the subnet but its own address and, for IPv4, that of its broadcast, and the first one as the
// gateway. It returns all that is wrong.
func (r *Range) Complete() []*Fault {
	if f := r.CheckSubnet(); f != nil {
		return []*Fault{f}
	}
	whole := iprange.OfPrefix(r.Subnet)
	first, last := whole.First.Next(), whole.Last
	if last.Is4() {
		last = last.Prev()
	}
	var faults []*Fault
	for _, end := range []struct {
		key   string
		addr  *netip.Addr
		usual netip.Addr
	}{{"rangeStart", &r.RangeStart, first}, {"rangeEnd", &r.RangeEnd, last}, {"gateway", &r.Gateway, first}} {
		switch {
		case !end.addr.IsValid():
			*end.addr = end.usual
		case end.key != "gateway" && !r.Subnet.Contains(*end.addr):
			faults = append(faults, &Fault{end.key, fmt.Sprintf("%s is not in %s", *end.addr, r.Subnet)})
		}
	}
	if len(faults) == 0 && r.RangeEnd.Less(r.RangeStart) {
		faults = append(faults, &Fault{"rangeEnd", fmt.Sprintf("%s comes before the start of the range, %s", r.RangeEnd, r.RangeStart)})
	}
	return faults
}

// Gives returns the addresses of a range that is complete. The gateway's is never given, even if it is among them.
func (r *Range) Gives() iprange.Range { return iprange.Range{First: r.RangeStart, Last: r.RangeEnd} }
