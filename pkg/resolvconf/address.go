package resolvconf

import (
	"encoding/binary"
	"net/netip"
	"strconv"
	"strings"
)

// parseAddr parses an address as glibc does that of a nameserver, which is inet_aton(3) for IPv4: 192.168.001.001 and
// 0300.0250.1.1 are 192.168.1.1. An IPv4-mapped one is IPv4.
func parseAddr(s string) (netip.Addr, error) {
	addr, err := netip.ParseAddr(s)
	if err == nil {
		return addr.Unmap(), nil
	}
	if addr, ok := aton(s); ok {
		return addr, nil
	}
	return netip.Addr{}, err
}

// aton is inet_aton(3): up to four parts, decimal, octal after 0 or hexadecimal after 0x, of which the last fills the bytes that
// are left.
func aton(s string) (netip.Addr, bool) {
	parts := strings.Split(s, ".")
	if len(parts) > 4 {
		return netip.Addr{}, false
	}
	var address uint32
	for i, part := range parts {
		base, bits := 10, 8
		if i == len(parts)-1 {
			bits = 8 * (5 - len(parts))
		}
		if digits, ok := strings.CutPrefix(strings.ToLower(part), "0x"); ok {
			base, part = 16, digits
		} else if digits, ok := strings.CutPrefix(part, "0"); ok && digits != "" {
			base, part = 8, digits
		}
		n, err := strconv.ParseUint(part, base, bits)
		if err != nil {
			return netip.Addr{}, false
		}
		if i == len(parts)-1 {
			address |= uint32(n)
		} else {
			address |= uint32(n) << (24 - 8*i)
		}
	}
	return netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, address))), true
}

// families are those that a container has a global address of. None is a container of which no address is known: it may have
// any.
type families struct{ ipv4, ipv6 bool }

func (f families) has(addr netip.Addr) bool {
	return f == families{} || (addr.Is4() && f.ipv4) || (addr.Is6() && f.ipv6)
}

// reachable keeps the inherited nameservers that work in a network namespace of its own. IPv4 link-local ones do: those of
// clouds (169.254.169.254 of GCE, .253 of AWS) are routed, and reached through the host.
func reachable(list []string, have families) []string {
	var out []string
	for _, s := range list {
		addr, err := parseAddr(s)
		if err != nil || !word(addr.Zone()) || !fits("nameserver", addr.String()) { // a zone may be anything, newlines too
			continue
		}
		if addr.IsLoopback() || addr.IsUnspecified() || addr.IsMulticast() || (addr.Is6() && addr.IsLinkLocalUnicast()) || !have.has(addr) {
			continue
		}
		out = append(out, addr.String())
	}
	return deduplicate(out)
}

// ofFamilies keeps the nameservers, which are addresses, that are of one of the container's families or loopback.
func ofFamilies(list []string, have families) []string {
	var out []string
	for _, s := range list {
		if addr, err := netip.ParseAddr(s); err == nil && (addr.IsLoopback() || have.has(addr.Unmap())) {
			out = append(out, s)
		}
	}
	return deduplicate(out)
}

func validateNameservers(key string, list []string) error {
	for _, s := range list {
		if s == "" {
			continue
		}
		if addr, err := netip.ParseAddr(s); err != nil || !word(addr.Zone()) {
			return refuse(key, strconv.Quote(s), "it is not an IP address")
		}
		if !fits("nameserver", s) {
			return tooLong(key, s)
		}
	}
	return nil
}
