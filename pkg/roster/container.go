package roster

import (
	"maps"
	"net"
	"net/netip"
	"slices"

	"github.com/etcfiles/etcfiles/pkg/hostsstore"
	"github.com/etcfiles/etcfiles/pkg/names"
)

// ContainerOf makes the index entry of a record, and says which names of one that nerdctl wrote are left out.
func ContainerOf(r *hostsstore.Record) (*hostsstore.Container, []hostsstore.Refusal) {
	if r.Etcfiles == nil {
		return foreign(r)
	}
	d := r.Etcfiles
	netns := d.Netns
	netns.UserNamespace = 0 // only its record says that
	c := &hostsstore.Container{
		ID: r.ID, Netns: netns, Owner: d.Owner, Kubernetes: d.KubernetesNamespace, PodUID: d.PodUID, NoIPv6Loopback: d.NoIPv6Loopback,
		Created: d.Created, Attachments: slices.Clone(d.Attachments),
	}
	if len(d.Attachments) > 0 { // who has left the last network has nothing but localhost until it comes back
		c.ExtraHosts, c.Adopted = d.ExtraHosts, adopted(d)
	}
	return c, nil
}

// foreign makes the index entry of a record that nerdctl wrote: one attachment for each network, with the names
// that nerdctl gives.
func foreign(r *hostsstore.Record) (*hostsstore.Container, []hostsstore.Refusal) {
	c := &hostsstore.Container{ID: r.ID, Foreign: true}
	for _, host := range slices.Sorted(maps.Keys(r.ExtraHosts)) {
		name, err := names.ParseGiven(host)
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
			Names:   ParseNames(HostNames(Identity{Name: r.Name, Hostname: r.Hostname, Domainname: r.Domainname}, network, "", "", nil), &refused),
		}
		for _, ip := range result.IPs {
			if addr, ok := Usable(ip.Address.IP); ok {
				a.Addresses = append(a.Addresses, addr)
			}
		}
		if len(a.Addresses) > 0 {
			c.Attachments = append(c.Attachments, a)
		}
	}
	return c, refused
}

// Usable turns an address of a result into one that a hosts file may list: IPv4-mapped ones as IPv4, and neither
// loopback nor unspecified, multicast or link-local.
func Usable(ip net.IP) (netip.Addr, bool) {
	addr, ok := netip.AddrFromSlice(ip)
	addr = addr.Unmap()
	return addr, ok && (addr.IsGlobalUnicast() || addr.IsPrivate())
}
