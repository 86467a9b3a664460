// Package iprange has ranges of IP addresses: those that a network gives out, and those that a host may name. It is a leaf.
package iprange

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// Range is the addresses of one family from First to Last, both included.
type Range struct{ First, Last netip.Addr }

// Between returns the range from one address to another.
func Between(first, last netip.Addr) (Range, error) {
	first, last = first.Unmap(), last.Unmap()
	if !first.IsValid() || first.BitLen() != last.BitLen() || first.Zone() != "" || last.Zone() != "" || last.Less(first) {
		return Range{}, fmt.Errorf("%v-%v is not a range of addresses", first, last)
	}
	return Range{first, last}, nil
}

// OfPrefix returns the range of all addresses of a prefix.
func OfPrefix(p netip.Prefix) Range {
	p = p.Masked()
	last := p.Addr().AsSlice()
	for bit := p.Bits(); bit < len(last)*8; bit++ {
		last[bit/8] |= 1 << (7 - bit%8)
	}
	addr, _ := netip.AddrFromSlice(last)
	return Range{p.Addr(), addr}
}

// Parse parses "10.231.1.0/24" or "10.231.1.10-10.231.1.99". A prefix with bits beyond its length is an error: somebody meant
// something else.
func Parse(s string) (Range, error) {
	if first, last, ok := strings.Cut(s, "-"); ok {
		from, err := netip.ParseAddr(first)
		if err != nil {
			return Range{}, err
		}
		to, err := netip.ParseAddr(last)
		if err != nil {
			return Range{}, err
		}
		return Between(from, to)
	}
	p, err := netip.ParsePrefix(s)
	if err != nil {
		return Range{}, err
	}
	if p.Masked() != p || p.Addr().Is4In6() {
		return Range{}, fmt.Errorf("%q is not a prefix: its first address is %v", s, p.Masked().Addr())
	}
	return OfPrefix(p), nil
}

// ParseAll parses each of a list.
func ParseAll(list []string) ([]Range, error) {
	var out []Range
	for _, s := range list {
		r, err := Parse(s)
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

// String returns the form that Parse reads: a prefix, if the range is one.
func (r Range) String() string {
	for bits := range r.First.BitLen() + 1 {
		if p := netip.PrefixFrom(r.First, bits); p.Masked() == p && OfPrefix(p) == r {
			return p.String()
		}
	}
	return r.First.String() + "-" + r.Last.String()
}

// Contains reports whether an address is in the range.
func (r Range) Contains(a netip.Addr) bool {
	return a.BitLen() == r.First.BitLen() && !a.Less(r.First) && !r.Last.Less(a)
}

// Overlaps reports whether the ranges have an address in common.
func (r Range) Overlaps(o Range) bool { return r.Contains(o.First) || o.Contains(r.First) }

// Contain reports whether an address is in one of the list.
func Contain(list []Range, a netip.Addr) bool {
	return slices.ContainsFunc(list, func(r Range) bool { return r.Contains(a) })
}

// Covers reports whether every address of a range is in one of the list.
func Covers(list []Range, o Range) bool {
	for next := o.First; ; {
		var last netip.Addr // up to which one of the list goes on from there
		for _, r := range list {
			if r.Contains(next) && last.Less(r.Last) {
				last = r.Last
			}
		}
		switch {
		case !last.IsValid():
			return false
		case !last.Less(o.Last):
			return true
		}
		next = last.Next()
	}
}

// Overlap returns a range of the list that has an address in common with one of the other.
func Overlap(list, other []Range) (mine, theirs Range, found bool) {
	for _, r := range list {
		for _, o := range other {
			if r.Overlaps(o) {
				return r, o, true
			}
		}
	}
	return Range{}, Range{}, false
}

// Texts returns the ranges as ParseAll reads them.
func Texts(list []Range) []string {
	out := make([]string, 0, len(list))
	for _, r := range list {
		out = append(out, r.String())
	}
	return out
}
