package ocihook

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// PortMapping is an entry of the capability portMappings (CNI conventions).
type PortMapping struct {
	HostPort      int    `json:"hostPort"`
	ContainerPort int    `json:"containerPort"`
	Protocol      string `json:"protocol"`
	HostIP        string `json:"hostIP,omitempty"`
}

const portForm = "[hostIP:]hostPort:containerPort[/tcp|udp|sctp]"

// parsePort reads [hostIP:]hostPort:containerPort[/protocol]. An IPv6 address stands in brackets. The protocol is tcp
// if none is given. Both ports may be ranges, FIRST-LAST, of the same length: each is mapped to its counterpart. A port
// of the host that is left for the engine to choose is refused: CNI chooses none.
func parsePort(s string) ([]PortMapping, error) {
	p := PortMapping{Protocol: "tcp"}
	wrong := fmt.Errorf("port %q: want %s", s, portForm)
	numbers, protocol, ok := strings.Cut(s, "/")
	if ok {
		p.Protocol = strings.ToLower(protocol)
	}
	if !slices.Contains([]string{"tcp", "udp", "sctp"}, p.Protocol) {
		return nil, wrong
	}
	host, container, ok := cutLast(numbers, ":")
	if !ok {
		if _, _, err := portRange(numbers); err == nil {
			return nil, unchosen(s, numbers+":"+s)
		}
		return nil, wrong
	}
	if ip, port, ok := cutLast(host, ":"); ok {
		addr, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(ip, "["), "]"))
		if err != nil || addr.Zone() != "" { // a zone may be any text
			return nil, wrong
		}
		p.HostIP, host = addr.String(), port
		if host == "" {
			if _, _, err := portRange(container); err == nil {
				return nil, unchosen(s, ip+":"+container+":"+strings.TrimPrefix(s, ip+"::"))
			}
		}
	}
	first, last, err := portRange(host)
	if err != nil {
		return nil, wrong
	}
	to, toLast, err := portRange(container)
	if err != nil {
		return nil, wrong
	}
	if last-first != toLast-to {
		return nil, fmt.Errorf("port %q: %d ports of the host for %d of the container: want ranges of the same length, as in %s",
			s, last-first+1, toLast-to+1, "8000-8009:80-89")
	}
	out := make([]PortMapping, 0, last-first+1)
	for p.HostPort, p.ContainerPort = first, to; p.HostPort <= last; p.HostPort, p.ContainerPort = p.HostPort+1, p.ContainerPort+1 {
		out = append(out, p)
	}
	return out, nil
}

func unchosen(s, example string) error {
	return fmt.Errorf("port %q: CNI chooses no port of the host: want %s, such as %s", s, portForm, example)
}

// portRange reads PORT or FIRST-LAST.
func portRange(s string) (first, last int, err error) {
	low, high, ok := strings.Cut(s, "-")
	if !ok {
		high = low
	}
	a, errA := strconv.ParseUint(low, 10, 16)
	b, errB := strconv.ParseUint(high, 10, 16)
	if err := cmp.Or(errA, errB); err != nil {
		return 0, 0, err
	}
	if a == 0 || b < a {
		return 0, 0, strconv.ErrRange
	}
	return int(a), int(b), nil
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

// ParsePorts reads a comma-separated list of port mappings. One port of the host leads to one place.
func ParsePorts(s string) ([]PortMapping, error) {
	type port struct {
		number   int
		protocol string
	}
	var out []PortMapping
	taken := map[port][]string{} // addresses of the host
	for _, s := range list(s) {
		mappings, err := parsePort(s)
		if err != nil {
			return nil, err
		}
		for _, p := range mappings {
			key := port{p.HostPort, p.Protocol}
			if slices.ContainsFunc(taken[key], func(ip string) bool { return sameAddress(ip, p.HostIP) }) {
				return nil, fmt.Errorf("port %q: port %d/%s of the host is given twice", s, p.HostPort, p.Protocol)
			}
			taken[key] = append(taken[key], p.HostIP)
		}
		out = append(out, mappings...)
	}
	return out, nil
}

// sameAddress reports whether two addresses of the host have one in common. None, or one that is unspecified, is every
// address of its family.
func sameAddress(a, b string) bool {
	if a == "" || b == "" || a == b {
		return true
	}
	x, y := netip.MustParseAddr(a).Unmap(), netip.MustParseAddr(b).Unmap()
	return x == y || x.Is4() == y.Is4() && (x.IsUnspecified() || y.IsUnspecified())
}
