package etcfiles

import (
	"maps"
	"net"
	"net/netip"
	"slices"

	"github.com/etcfiles/etcfiles/pkg/hostsstore"
	"github.com/etcfiles/etcfiles/pkg/names"
)

// adoptForeign makes the index entry of a record that nerdctl wrote: one attachment for each network, with the names
// that nerdctl gives.
func (s *session) adoptForeign(r *hostsstore.Record) *hostsstore.Container {
	c := &hostsstore.Container{ID: r.ID, Foreign: true}
	for _, host := range slices.Sorted(maps.Keys(r.ExtraHosts)) {
		name, err := names.Parse(host)
		addr, addrErr := netip.ParseAddr(r.ExtraHosts[host])
		if err == nil && addrErr == nil {
			c.ExtraHosts = append(c.ExtraHosts, hostsstore.ExtraHost{Name: name.String(), Address: addr})
		}
	}
	var refused []hostsstore.Refusal
	for _, network := range slices.Sorted(maps.Keys(r.Networks)) {
		result := r.Networks[network]
		if result == nil || names.CheckElement(network) != nil {
			continue
		}
		a := hostsstore.Attachment{
			Network: network,
			Names:   parseNames(hostNames(Identity{Name: r.Name, Hostname: r.Hostname, Domainname: r.Domainname}, network, "", "", nil), &refused),
		}
		for _, ip := range result.IPs {
			if addr, ok := usable(ip.Address.IP); ok {
				a.Addresses = append(a.Addresses, addr)
			}
		}
		if len(a.Addresses) > 0 {
			c.Attachments = append(c.Attachments, a)
		}
	}
	s.leaveOut(refused)
	return c
}

// usable turns an address of a result into one that a hosts file may list: IPv4-mapped ones as IPv4, and neither
// loopback nor unspecified, multicast or link-local.
func usable(ip net.IP) (netip.Addr, bool) {
	addr, ok := netip.AddrFromSlice(ip)
	addr = addr.Unmap()
	return addr, ok && (addr.IsGlobalUnicast() || addr.IsPrivate())
}

// Identity is what a container is called.
type Identity struct {
	Name       string
	Hostname   string
	Domainname string
}

// hostNames returns the names of a container on a network in the order of its hosts line, also those that cannot be
// looked up.
func hostNames(id Identity, network, domain, kubernetes string, aliases []string) []string {
	hostname, name := names.TrimDots(id.Hostname), names.TrimDots(id.Name)
	var list []string
	if id.Domainname != "" {
		list = append(list, names.Join(hostname, id.Domainname))
	}
	for _, n := range []string{hostname, name} {
		if n == "" {
			continue
		}
		list = append(list, n, n+"."+network)
		if kubernetes != "" && n == name {
			list = append(list, n+"."+kubernetes)
		}
	}
	if domain != "" {
		for _, n := range []string{hostname, name} {
			if n != "" {
				list = append(list, names.Join(n, domain))
			}
		}
	}
	return append(list, aliases...)
}
