package roster

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"github.com/etcfiles/etcfiles/pkg/etchosts"
	"github.com/etcfiles/etcfiles/pkg/hostsstore"
)

// Remote returns what each other host has on a network, see hostsstore.Remotes; nil where nobody has.
type Remote func(network string) []hostsstore.RemoteHost

// remotes are the lines of other hosts by network, each network ordered once, when somebody asks for it.
type remotes struct {
	read  Remote
	local func(network string) map[netip.Addr]struct{}

	mu    sync.Mutex
	lines map[string][]*hostsstore.RemoteLine
}

func (r *remotes) of(network string) []*hostsstore.RemoteLine {
	r.mu.Lock()
	defer r.mu.Unlock()
	lines, known := r.lines[network]
	if !known {
		if hosts := r.read(network); len(hosts) > 0 {
			lines = RemoteLines(hosts, r.local(network))
		}
		r.lines[network] = lines
	}
	return lines
}

// RemoteLines puts the lines that hosts have on a network in the order in which they stand in a hosts file. A line with an address of
// a local container is left out, and of two peers with one address the later one.
func RemoteLines(hosts []hostsstore.RemoteHost, local map[netip.Addr]struct{}) []*hostsstore.RemoteLine {
	n := 0
	for i := range hosts {
		n += len(hosts[i].Lines)
	}
	all := make([]*hostsstore.RemoteLine, 0, n)
	for i := range hosts {
		all = append(all, hosts[i].Lines...)
	}
	if !slices.IsSortedFunc(all, ByRevision) {
		slices.SortStableFunc(all, ByRevision)
	}
	owner := make(map[netip.Addr]*hostsstore.RemotePeer, n)
	return slices.DeleteFunc(all, func(l *hostsstore.RemoteLine) bool {
		if _, taken := local[l.Address]; taken {
			return true
		}
		first, taken := owner[l.Address]
		if !taken {
			owner[l.Address] = l.Peer
		}
		return taken && first != l.Peer && *first != *l.Peer
	})
}

// ByRevision compares two lines of other hosts on one network: the one that was published first stands first in a hosts file.
func ByRevision(a, b *hostsstore.RemoteLine) int {
	if a.Peer == b.Peer {
		return 0
	}
	return cmp.Or(
		cmp.Compare(a.Peer.Revision, b.Peer.Revision), cmp.Compare(a.Peer.Host, b.Peer.Host),
		cmp.Compare(a.Peer.ID, b.Peer.ID), cmp.Compare(a.Peer.IfName, b.Peer.IfName),
	)
}

// Remote returns the lines of other hosts on a network, in order.
func (m Members) Remote(network string) []*hostsstore.RemoteLine {
	if m.remote == nil {
		return nil
	}
	return m.remote.of(network)
}

// RemoteOf returns the lines of other hosts on the networks that a viewer sees, in order.
func (m Members) RemoteOf(v *Viewer) []*hostsstore.RemoteLine {
	if m.remote == nil {
		return nil
	}
	networks := v.Networks()
	if len(networks) == 1 {
		return m.remote.of(networks[0])
	}
	var all []*hostsstore.RemoteLine
	for _, network := range networks {
		all = append(all, m.remote.of(network)...)
	}
	slices.SortStableFunc(all, ByRevision)
	seen := map[string]struct{}{} // networks may overlap
	return slices.DeleteFunc(all, func(l *hostsstore.RemoteLine) bool {
		if l.Peer.NetworkOnly { // or it would hide the same line of another network
			return true
		}
		_, again := seen[l.Text]
		seen[l.Text] = struct{}{}
		return again
	})
}

// Addresses returns the addresses that the members of a network have.
func (m Members) Addresses(network string) map[netip.Addr]struct{} {
	out := map[netip.Addr]struct{}{}
	for _, member := range m.of[network] {
		for _, addr := range member.Attachment.Addresses {
			out[addr] = struct{}{}
		}
	}
	return out
}

// Networks returns the networks that the viewer sees, sorted.
func (v *Viewer) Networks() []string {
	if v.Container == nil {
		return []string{v.Network}
	}
	list := make([]string, 0, len(v.Container.Attachments))
	for i := range v.Container.Attachments {
		list = append(list, v.Container.Attachments[i].Network)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// Remote returns the line by which the viewer knows a peer on another host, "" if it does not.
func (v *Viewer) Remote(l *hostsstore.RemoteLine) string {
	if v.Container == nil {
		return l.Text
	}
	if l.Peer.NetworkOnly {
		return ""
	}
	for name := range l.Names {
		if v.holds(name) {
			return etchosts.Format(l.Address, slices.DeleteFunc(slices.Collect(l.Names), v.holds))
		}
	}
	return l.Text
}

// appendRemote appends the lines of other hosts that belong into the viewer's file.
func (m Members) appendRemote(blocks []string, v *Viewer) []string {
	lines := m.RemoteOf(v)
	blocks = slices.Grow(blocks, len(lines))
	for _, l := range lines {
		if text := v.Remote(l); text != "" {
			blocks = append(blocks, text)
		}
	}
	return blocks
}

// remoteExtents say how much room the lines of other hosts take in a container's hosts file, and in that of the network.
func (m Members) remoteExtents(network string) (container, world extent) {
	for _, l := range m.Remote(network) {
		one := extent{int64(len(l.Text)), 1}
		world = world.add(one)
		if !l.Peer.NetworkOnly {
			container = container.add(one)
		}
	}
	return container, world
}

func (x extent) add(y extent) extent { return extent{x.bytes + y.bytes, x.lines + y.lines} }

// EachName calls yield with each name that an attachment has on the networks that a viewer sees, or that leaves just now.
func (m Members) EachName(v *Viewer, leaving []Placed, yield func(name string)) {
	never := func(name string) bool {
		yield(name)
		return false
	}
	for _, network := range v.Networks() {
		for i := range m.of[network] {
			eachName(m.of[network][i].Attachment, never)
		}
	}
	for _, p := range leaving {
		eachName(p.Attachment, never)
	}
}

// MeetsRemote reports whether a viewer has a line of another host with a name of the attachment, which has to stand before it.
func (m Members) MeetsRemote(v *Viewer, a *hostsstore.Attachment) bool {
	lines := m.RemoteOf(v)
	if len(lines) == 0 {
		return false
	}
	own := map[string]struct{}{}
	var sieve etchosts.Sieve
	eachName(a, func(name string) bool {
		own[strings.ToLower(name)] = struct{}{}
		sieve.Add(name)
		return false
	})
	for _, l := range lines {
		if v.Container != nil && l.Peer.NetworkOnly {
			continue
		}
		for name := range l.Names {
			if !sieve.May(name) {
				continue
			}
			if _, ok := own[strings.ToLower(name)]; ok {
				return true
			}
		}
	}
	return false
}
