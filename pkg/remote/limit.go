package remote

import (
	"cmp"
	"math"
	"slices"

	"github.com/etcfiles/etcfiles/pkg/hostsstore"
)

// MaxLines is how many lines one host may have on a network, and all together in the hosts files of containers. A lookup of a name reads
// the whole file: one of so many lines takes 2 ms.
const MaxLines = 10_000

// maxBytes is how long these lines may be together. A container's file cannot shrink, and holds up to four times as much: no more than
// roster.Spare says when all of them have gone.
const maxBytes = 1 << 20

// extent is how much room lines take in a hosts file.
type extent struct{ lines, bytes int }

func (x extent) and(lines ...*hostsstore.RemoteLine) extent {
	for _, l := range lines {
		x.lines++
		x.bytes += len(l.Text)
	}
	return x
}

func (x extent) fits() bool { return x.lines <= MaxLines && x.bytes <= maxBytes }

// listed returns how much room the lines of hosts take in the files of containers.
func listed(hosts []hostsstore.RemoteHost, counts func(host string) bool) (x extent) {
	for i := range hosts {
		if !counts(hosts[i].Host) {
			continue
		}
		for _, l := range hosts[i].Lines {
			if !l.Peer.NetworkOnly {
				x = x.and(l)
			}
		}
	}
	return x
}

// atLeast returns how many bytes the lines of a peer have at least.
func (p *Peer) atLeast() int {
	n := 0
	for _, name := range p.Names {
		n += 1 + len(name.String())
	}
	return n * len(p.Addresses)
}

// fits returns an error for more than one host may have.
func (h *Host) fits() error {
	bytes := 0
	for i := range h.Peers {
		if bytes += h.Peers[i].atLeast(); bytes > maxBytes {
			return errTooMuch
		}
	}
	if x := (extent{}).and(h.lines("")...); !x.fits() {
		return errTooMuch
	}
	return nil
}

// age is what the older of two peers has less of.
func (g group) age() int64 {
	if r := g[0].Peer.Revision; r > 0 {
		return r
	}
	return math.MaxInt64 // it comes behind all that are there
}

// tooMuch sorts peers, the oldest first, and returns those that do not fit beside what there is.
func (x extent) tooMuch(list []group) (out []group) {
	slices.SortStableFunc(list, func(a, b group) int { return cmp.Compare(a.age(), b.age()) })
	for _, g := range list {
		if next := x.and(g...); next.fits() {
			x = next
		} else {
			out = append(out, g)
		}
	}
	return out
}

// trim leaves the oldest peers of a host as far as they fit, and returns how many it has taken out.
func (w *wanted) trim() int {
	var x extent
	for _, g := range w.list {
		x = x.and(g...)
	}
	if x.fits() {
		return 0
	}
	left := map[key]bool{}
	for _, g := range (extent{}).tooMuch(slices.Clone(w.list)) {
		left[keyOf(g[0])] = true
	}
	var lines []*hostsstore.RemoteLine
	for _, g := range w.list {
		if !left[keyOf(g[0])] {
			lines = append(lines, g...)
		}
	}
	w.groups = groupsOf(lines)
	return len(left)
}

// fit finds which peers of the hosts that are given have no room in the files of containers beside what the other hosts have: the youngest
// ones.
func (w *Wanted) fit(have []hostsstore.RemoteHost) {
	given := func(host string) bool { _, ok := w.hosts[host]; return ok }
	x := listed(have, func(host string) bool { return !given(host) })
	if w.beyond != nil && x == w.others {
		return
	}
	w.others, w.beyond = x, map[string]map[key]bool{}
	var list []group
	whole := x
	for _, host := range w.names {
		for _, g := range w.hosts[host].list {
			if !g[0].Peer.NetworkOnly {
				list = append(list, g)
				whole = whole.and(g...)
			}
		}
	}
	if whole.fits() {
		return
	}
	for _, g := range x.tooMuch(list) {
		host := g[0].Peer.Host
		if w.beyond[host] == nil {
			w.beyond[host] = map[key]bool{}
		}
		w.beyond[host][keyOf(g[0])] = true
	}
}

// crowded reports whether the lines of containers' files would be too many if all came before others go.
func crowded(have []hostsstore.RemoteHost, come []*change) bool {
	x := listed(have, func(string) bool { return true })
	for _, c := range come {
		if !c.want[0].Peer.NetworkOnly {
			x = x.and(c.want...)
		}
	}
	return !x.fits()
}
