package inspect

import (
	"net/netip"
	"slices"

	"github.com/etcfiles/etcfiles/pkg/etchosts"
	"github.com/etcfiles/etcfiles/pkg/hostsstore"
	"github.com/etcfiles/etcfiles/pkg/roster"
	"github.com/etcfiles/etcfiles/pkg/safefile"
)

// shared reports whether the namespace is, by its marker, one that nerdctl uses too.
func (a *audit) shared() bool { return a.Marker == hostsstore.NerdctlMarker }

// byNerdctl reports whether the hosts file of a container is as nerdctl leaves it. Each of its operations writes the files of
// all containers anew from all records, with the names that it knows of; the next operation of etcfiles brings them to the rest.
func (a *audit) byNerdctl(path, id string) bool {
	own := a.records[id]
	if !a.shared() || own == nil {
		return false
	}
	data, err := safefile.Read(path, maxHosts)
	if err != nil {
		return false
	}
	seen := map[netip.Addr]bool{}
	for _, e := range etchosts.Examine(a.Marker, string(data)).Entries {
		if e.Ours && !a.nerdctlLine(own, &e) {
			return false
		}
		seen[e.Address] = seen[e.Address] || e.Ours
	}
	for _, r := range a.records {
		for network := range own.Networks {
			if slices.ContainsFunc(addressesOn(r, network), func(addr netip.Addr) bool { return !seen[addr] }) {
				return false
			}
		}
	}
	return true
}

// nerdctlLine reports whether a line is one that nerdctl writes into a container's file.
func (a *audit) nerdctlLine(own *hostsstore.Record, e *etchosts.Line) bool {
	within := func(names []string) bool {
		return !slices.ContainsFunc(e.Names, func(name string) bool { return !holdsName(names, name) })
	}
	if e.Address.IsLoopback() && within(roster.LoopbackNames()) {
		return true
	}
	for host, address := range own.ExtraHosts {
		if addr, err := netip.ParseAddr(address); err == nil && addr.Unmap() == e.Address && within([]string{host}) {
			return true
		}
	}
	for network := range own.Networks {
		for _, r := range a.everyRecord()[given{network, e.Address}] {
			id := roster.Identity{Name: r.Name, Hostname: r.Hostname, Domainname: r.Domainname}
			if within(roster.HostNames(id, network, "", "", nil)) {
				return true
			}
		}
	}
	return false
}

// addressesOn returns the addresses of a record on a network that nerdctl lists.
func addressesOn(r *hostsstore.Record, network string) []netip.Addr {
	var out []netip.Addr
	if result := r.Networks[network]; result != nil {
		for _, ip := range result.IPs {
			addr, ok := netip.AddrFromSlice(ip.Address.IP)
			if addr = addr.Unmap(); ok && !addr.IsLoopback() && !addr.IsUnspecified() {
				out = append(out, addr)
			}
		}
	}
	return out
}

// given is an address on a network.
type given struct {
	network string
	address netip.Addr
}

// readEveryRecord returns the records of all namespaces by what they were given: nerdctl looks through all of them.
func (a *audit) readEveryRecord() map[given][]*hostsstore.Record {
	every := map[given][]*hostsstore.Record{}
	add := func(r *hostsstore.Record) {
		for network := range r.Networks {
			for _, addr := range addressesOn(r, network) {
				key := given{network, addr}
				every[key] = append(every[key], r)
			}
		}
	}
	for _, r := range a.records {
		add(r)
	}
	namespaces, _ := a.Dir.Namespaces() // what cannot be read explains no line
	for _, name := range namespaces {
		if name == a.ns.Name() {
			continue
		}
		n := a.Dir.Namespace(name)
		ids, _ := n.IDs()
		records, _ := n.ReadRecords(ids)
		for _, r := range records {
			if r != nil {
				add(r)
			}
		}
	}
	return every
}

// asIndexed reports whether a hosts file is as the last operation left it, since when nerdctl's own records have come, gone or
// changed: the next operation takes that in.
func (a *audit) asIndexed(path string, v *roster.Viewer, known *hostsstore.Hosts, sizes roster.Sizes) bool {
	if a.index == nil || !a.theirsMoved {
		return false
	}
	then := &roster.Viewer{Network: v.Network}
	if v.Container != nil {
		if then.Container = a.index.Containers[v.Container.ID]; then.Container == nil {
			return false
		}
	}
	d, _, err := a.compareHosts(path, then, known, sizes, roster.MembersOf(a.index, a.remotes.Of))
	return err == nil && d.None()
}

// theirsOnly reports whether all who are on a network, by an index, are nerdctl's.
func theirsOnly(ix *hostsstore.Index, network string) bool {
	if ix == nil {
		return false
	}
	some := false
	for _, c := range ix.Containers {
		if roster.OnNetwork(c, network) {
			if some = true; !c.Foreign {
				return false
			}
		}
	}
	return some
}

// leftByNerdctl reports whether a container without a record is one of nerdctl's, which is about to start or has ended.
func (a *audit) leftByNerdctl(id string) bool {
	return a.shared() && hostsstore.NerdctlID(id)
}
