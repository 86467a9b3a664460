// Package remote says how what other hosts have on a network becomes what an import is given: which lines of text files that is, and in
// which steps. It is pure: it neither reads nor writes a file.
package remote

import (
	"cmp"
	"iter"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/etcfiles/etcfiles/pkg/etchosts"
	"github.com/etcfiles/etcfiles/pkg/hostsstore"
	"github.com/etcfiles/etcfiles/pkg/names"
	"github.com/etcfiles/etcfiles/pkg/roster"
)

// Peer is an attachment of a container on another host. It cannot hold a bad name.
type Peer struct {
	ID, IfName  string       // "" where only addresses and names are known
	Revision    int64        // of two peers with one name the lower one stands first; 0 for one behind all that are there
	NetworkOnly bool         // it is listed in the hosts file of the network, and in no container's
	Addresses   []netip.Addr // global unicast
	Names       []names.Name // the first one is canonical
}

// Host is all that another host has on a network. One without a peer is gone.
type Host struct {
	Revision int64 // of whoever says so, for those who ask later; 0 where there is none
	Peers    []Peer
}

// key tells the peers of a network apart.
type key struct {
	host, id, ifName string
	address          netip.Addr // where there is no ID
}

// group are the lines of one peer.
type group []*hostsstore.RemoteLine

func keyOf(l *hostsstore.RemoteLine) key {
	k := key{host: l.Peer.Host, id: l.Peer.ID, ifName: l.Peer.IfName}
	if k.id == "" {
		k.address = l.Address
	}
	return k
}

// runs returns an iterator over the lines of a host, those together that stand together and are of one peer.
func runs(lines []*hostsstore.RemoteLine) iter.Seq2[key, group] {
	return func(yield func(key, group) bool) {
		for len(lines) > 0 {
			first, n := lines[0], 1
			for n < len(lines) && lines[n].Peer == first.Peer && (first.Peer.ID != "" || lines[n].Address == first.Address) {
				n++
			}
			if !yield(keyOf(first), lines[:n:n]) {
				return
			}
			lines = lines[n:]
		}
	}
}

// and returns the group with further lines of its peer, each once.
func (g group) and(lines group) group {
	if len(g) == 0 && len(lines) == 1 {
		return lines
	}
	for _, l := range lines {
		if !slices.ContainsFunc(g, func(other *hostsstore.RemoteLine) bool { return other.Text == l.Text }) {
			g = append(g, l)
		}
	}
	return g
}

// groups are the lines of a host by peer, in their order.
type groups struct {
	list []group
	at   map[key]int // where in the list
}

func groupsOf(lines []*hostsstore.RemoteLine) groups {
	g := groups{list: make([]group, 0, len(lines)), at: make(map[key]int, len(lines))}
	for k, run := range runs(lines) {
		i, known := g.at[k]
		if !known {
			i = len(g.list)
			g.at[k] = i
			g.list = append(g.list, nil)
		}
		g.list[i] = g.list[i].and(run)
	}
	return g
}

// lines returns the lines of the peers of a host.
func (h *Host) lines(host string) []*hostsstore.RemoteLine {
	out := make([]*hostsstore.RemoteLine, 0, len(h.Peers))
	for i := range h.Peers {
		p := &h.Peers[i]
		list := make([]string, len(p.Names))
		for j, name := range p.Names {
			list[j] = name.String()
		}
		list = roster.Unique(list)
		peer := &hostsstore.RemotePeer{Host: host, ID: p.ID, IfName: p.IfName, Revision: p.Revision, NetworkOnly: p.NetworkOnly}
		if p.ID == "" {
			peer.IfName = ""
		}
		for _, addr := range p.Addresses {
			for text := range strings.Lines(etchosts.Format(addr, list)) {
				out = append(out, &hostsstore.RemoteLine{Peer: peer, Address: addr, Text: text})
			}
		}
	}
	return out
}

// same reports whether a peer is in the file as it is to be.
func (g group) same(want group) bool {
	p, q := g[0].Peer, want[0].Peer
	if p.NetworkOnly != q.NetworkOnly || p.Revision != q.Revision || len(g) != len(want) {
		return false
	}
	for i := range g {
		if g[i].Text != want[i].Text {
			return false
		}
	}
	return true
}

// at returns the group as of a revision.
func (g group) at(revision int64) group {
	peer := *g[0].Peer
	peer.Revision = revision
	out := make(group, len(g))
	for i, l := range g {
		out[i] = &hostsstore.RemoteLine{Peer: &peer, Address: l.Address, Text: l.Text}
	}
	return out
}

// Wanted is what an import is given, made ready.
type Wanted struct {
	hosts   map[string]wanted
	names   []string // of the hosts, sorted
	highest int64    // revision that is given
	refused Refusals

	others extent                  // what hosts that are not given have in the files of containers
	beyond map[string]map[key]bool // by host: peers that have no room there; nil before that is known
}

type wanted struct {
	revision int64
	groups
}

// Prepare makes hosts ready. A host whose name cannot be that of a file is refused; a peer that cannot be imported is left out, as is
// what is too much of one host, the youngest first.
func Prepare(hosts map[string]Host) *Wanted {
	w := &Wanted{hosts: map[string]wanted{}}
	for _, name := range slices.Sorted(maps.Keys(hosts)) {
		h := hosts[name]
		if err := CheckHost(name); err != nil {
			w.refuse(name, 0, err)
			continue
		}
		w.names = append(w.names, name)
		good := Host{Revision: h.Revision}
		var why error
		for i := range h.Peers {
			if err := h.Peers[i].check(); err == nil {
				good.Peers = append(good.Peers, h.Peers[i])
			} else if why == nil {
				why = err
			}
		}
		if why != nil {
			w.refuse(name, len(h.Peers)-len(good.Peers), why)
		}
		one := wanted{h.Revision, groupsOf(good.lines(name))}
		if out := one.trim(); out > 0 {
			w.refuse(name, out, errTooMuch)
		}
		w.hosts[name] = one
		for i := range good.Peers {
			w.highest = max(w.highest, good.Peers[i].Revision)
		}
	}
	return w
}

// change is a peer that comes, goes, or is another now.
type change struct {
	key       key
	old, want group // nil for none
	taken     bool  // into the step
}

// Step returns what the hosts of a network have after one step towards what is wanted of some of them: have with changes of about so
// many lines as most says, one peer at least; which hosts have changed, sorted; and whether it is the last step. A peer is changed in one
// step; who comes does so before others go, but together with who goes from its host and leaves it an address. Only where all together
// would be too many do others go first.
func Step(have []hostsstore.RemoteHost, want *Wanted, most int) (next []hostsstore.RemoteHost, changed []string, last bool) {
	held := map[string]*hostsstore.RemoteHost{}
	highest := want.highest
	for i := range have {
		held[have[i].Host] = &have[i]
		for _, l := range have[i].Lines {
			highest = max(highest, l.Peer.Revision)
		}
	}
	want.fit(have)
	var come, gone []*change
	for _, name := range want.names {
		c, g := want.differences(held[name], name, &highest)
		come, gone = append(come, c...), append(gone, g...)
	}
	slices.SortStableFunc(come, func(a, b *change) int { return cmp.Compare(a.want[0].Peer.Revision, b.want[0].Peer.Revision) })
	// The youngest first: of peers with one address the next one would be listed else, until it goes too.
	slices.SortStableFunc(gone, func(a, b *change) int { return cmp.Compare(b.old[0].Peer.Revision, a.old[0].Peer.Revision) })
	all := slices.Concat(come, gone)
	if crowded(have, come) {
		all = slices.Concat(gone, come)
	}
	cut(all, gone, most)
	step := slices.DeleteFunc(slices.Clone(all), func(c *change) bool { return !c.taken })
	last = len(step) == len(all)
	next, changed = apply(held, want, step, last)
	return next, changed, last
}

// differences returns the peers of a host that come or are others now, and those that go. It is done under the lock, and most peers of a
// host stay what they are, in their order: each costs one comparison.
func (w *Wanted) differences(have *hostsstore.RemoteHost, host string, highest *int64) (come, gone []*change) {
	want, beyond := w.hosts[host], w.beyond[host]
	old := make([]group, len(want.list))
	if have != nil {
		goes := map[key]*change{}
		next := 0
		for k, run := range runs(have.Lines) {
			i, wanted := next, next < len(want.list) && keyOf(want.list[next][0]) == k
			if !wanted {
				i, wanted = want.at[k]
			}
			if wanted && !beyond[k] {
				old[i] = old[i].and(run)
				next = i + 1
				continue
			}
			if goes[k] == nil {
				goes[k] = &change{key: k}
				gone = append(gone, goes[k])
			}
			goes[k].old = goes[k].old.and(run)
		}
	}
	for i, g := range want.list {
		k, was := keyOf(g[0]), old[i]
		switch {
		case beyond[k]:
			continue
		case g[0].Peer.Revision > 0:
		case was != nil:
			g = g.at(was[0].Peer.Revision)
		default:
			*highest++
			g = g.at(*highest)
		}
		if was == nil || !was.same(g) {
			come = append(come, &change{key: k, old: was, want: g})
		}
	}
	return come, gone
}

// cut takes the changes of a step, in their order; gone are those of them who go.
func cut(all, gone []*change, most int) {
	leaving := map[netip.Addr][]*change{} // who leaves an address
	for _, c := range gone {
		for _, l := range c.old {
			leaving[l.Address] = append(leaving[l.Address], c)
		}
	}
	lines := 0
	take := func(c *change) {
		if !c.taken {
			c.taken = true
			lines += max(1, len(c.old)+len(c.want))
		}
	}
	for _, c := range all {
		if lines > 0 && lines >= most {
			return
		}
		take(c)
		for _, l := range c.want {
			for _, other := range leaving[l.Address] {
				if other.key.host == c.key.host {
					take(other)
				}
			}
		}
	}
}

// apply makes the changes of a step, which is the last one or not.
func apply(held map[string]*hostsstore.RemoteHost, want *Wanted, step []*change, last bool) (next []hostsstore.RemoteHost, changed []string) {
	changes := map[key]bool{}
	comes := map[string]group{} // by host
	for _, c := range step {
		if !slices.Contains(changed, c.key.host) {
			changed = append(changed, c.key.host)
		}
		changes[c.key] = true
		comes[c.key.host] = append(comes[c.key.host], c.want...)
	}
	slices.Sort(changed)
	for _, name := range changed {
		h := &hostsstore.RemoteHost{Host: name}
		if was := held[name]; was != nil {
			h.Revision = was.Revision
			for _, l := range was.Lines {
				if !changes[keyOf(l)] {
					h.Lines = append(h.Lines, l)
				}
			}
		}
		if last {
			h.Revision = want.hosts[name].revision
		}
		h.Lines = append(h.Lines, comes[name]...)
		slices.SortStableFunc(h.Lines, roster.ByRevision)
		held[name] = h
	}
	for _, name := range slices.Sorted(maps.Keys(held)) {
		next = append(next, *held[name])
	}
	return next, changed
}
