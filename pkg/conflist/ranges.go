package conflist

import (
	"cmp"
	"fmt"
	"net/netip"

	"github.com/etcfiles/etcfiles/pkg/hostlocal"
	"github.com/etcfiles/etcfiles/pkg/iprange"
)

// addressRange is a range of which an IPAM plugin gives addresses.
type addressRange struct {
	at     *node // its subnet
	key    string
	subnet netip.Prefix
	gives  iprange.Range
}

// claim returns the range with the addresses beside it that nobody gets, the subnet's own and that of its broadcast: those of a whole subnet are the subnet.
func (r *addressRange) claim() iprange.Range {
	whole, claim := iprange.OfPrefix(r.subnet), r.gives
	if claim.First == whole.First.Next() {
		claim.First = whole.First
	}
	if claim.Last.Is4() && claim.Last == whole.Last.Prev() {
		claim.Last = whole.Last
	}
	return claim
}

// String returns the subnet.
func (r *addressRange) String() string { return r.subnet.String() }

// ranges looks at the addresses of the reference plugins host-local and static, as these read them, and returns those of the former.
func (l *look) ranges(p *plugin) []addressRange {
	ipam := p.get("ipam")
	key := p.at("ipam")
	if p.name == "calico" { // it understands usePodCidr, and gives the plugin what that stands for
		return nil
	}
	switch p.ipam {
	case "static":
		for i, a := range ipam.get("addresses").list() {
			l.prefix4or6(a.get("address"), fmt.Sprintf("%s.addresses[%d].address", key, i))
			l.address(a.get("gateway"), fmt.Sprintf("%s.addresses[%d].gateway", key, i))
		}
	case hostLocal:
	default:
		return nil
	}
	for i, r := range ipam.get("routes").list() {
		l.prefix4or6(r.get("dst"), fmt.Sprintf("%s.routes[%d].dst", key, i))
		l.address(r.get("gw"), fmt.Sprintf("%s.routes[%d].gw", key, i))
	}
	if p.ipam == "static" {
		return nil
	}
	var all []addressRange
	add := func(n *node, key string) {
		if r, ok := l.addressRange(n, key); ok {
			for i := range all {
				if r.gives.Overlaps(all[i].gives) {
					l.wrong(r.at, r.key, "%s overlaps with %s in line %d: host-local refuses that", &r, &all[i], all[i].at.line)
				}
			}
			all = append(all, r)
		}
	}
	if ipam.get("subnet") != nil {
		add(ipam, key)
	}
	sets := ipam.get("ranges")
	for i, set := range sets.list() {
		if len(set.items) == 0 {
			l.wrong(set, fmt.Sprintf("%s.ranges[%d]", key, i), "want a list of ranges: [{ \"subnet\": … }]")
		}
		before := len(all)
		for j, r := range set.items {
			add(r, fmt.Sprintf("%s.ranges[%d][%d]", key, i, j))
		}
		for _, r := range all[before:] {
			if first := &all[before]; r.subnet.Addr().Is4() != first.subnet.Addr().Is4() {
				l.wrong(r.at, r.key, "%s is of another family than %s in line %d: host-local wants a set of its own for each", &r, first, first.at.line)
			}
		}
	}
	if ipam.get("subnet") == nil && len(sets.list()) == 0 && !p.get("capabilities").get("ipRanges").isTrue() {
		l.wrong(ipam, key, "host-local has no ranges to give addresses of: want ranges: [[{ \"subnet\": … }]]")
	}
	return all
}

// addressRange reads a range as host-local does; false if it is wrong.
func (l *look) addressRange(n *node, key string) (r addressRange, ok bool) {
	r.at, r.key = n.get("subnet"), key+".subnet"
	if r.at == nil {
		l.wrong(n, r.key, "it is missing: want a prefix such as \"10.4.10.0/24\"")
		return r, false
	}
	if r.subnet, ok = l.prefix4or6(r.at, r.key); !ok {
		return r, false
	}
	h := hostlocal.Range{Subnet: r.subnet}
	if f := h.CheckSubnet(); f != nil {
		l.wrong(r.at, r.key, "%s", f.Why)
		return r, false
	}
	for _, end := range []struct {
		name string
		addr *netip.Addr
	}{{"rangeStart", &h.RangeStart}, {"rangeEnd", &h.RangeEnd}} {
		given, good := l.address(n.get(end.name), key+"."+end.name)
		*end.addr, ok = given, ok && good
	}
	for _, f := range h.Complete() {
		l.wrong(cmp.Or(n.get(f.Key), n.get("rangeStart")), key+"."+f.Key, "%s", f.Why)
		ok = false
	}
	_, good := l.address(n.get("gateway"), key+".gateway")
	r.gives = h.Gives()
	return r, ok && good
}

// prefix4or6 reads an address with a length, false if it is none. What is not there is not looked at.
func (l *look) prefix4or6(n *node, key string) (netip.Prefix, bool) {
	if n == nil {
		return netip.Prefix{}, false
	}
	text, _ := n.text()
	prefix, err := netip.ParsePrefix(text)
	if err != nil {
		l.wrong(n, key, "%s is not an address with the length of its prefix, such as \"10.4.10.0/24\"", n.raw)
	}
	return prefix, err == nil
}

// address reads an address, false if it is none. What is not there is fine.
func (l *look) address(n *node, key string) (netip.Addr, bool) {
	if n == nil || string(n.raw) == "null" {
		return netip.Addr{}, true
	}
	text, _ := n.text()
	addr, err := netip.ParseAddr(text)
	if err != nil {
		l.wrong(n, key, "%s is not an IP address", n.raw)
	}
	return addr, err == nil
}
