package hostsfiles

import (
	"net/netip"
	"slices"
	"time"

	"github.com/etcfiles/etcfiles/pkg/etchosts"
	"github.com/etcfiles/etcfiles/pkg/hostsstore"
	"github.com/etcfiles/etcfiles/pkg/parallel"
	"github.com/etcfiles/etcfiles/pkg/roster"
)

// Import is a change of what other hosts have on a network, for those of its containers that see it.
type Import struct {
	Namespace  *hostsstore.Namespace
	Marker     etchosts.Marker
	Containers []*hostsstore.Container
	Was, Is    []hostsstore.RemoteHost
	Now        time.Duration // since boot
}

// Crowded reports whether the file of a container has no room for what comes, so that it would grow beyond its limit. Then the change has
// to wait, other than an ADD: what lives is to be gathered, or that was done and whoever has begun to read the file is not done yet, for so
// long. The lines that come are there before those that go are struck, and nothing shrinks the file of a running container.
func (m *Import) Crowded() (gather bool, wait time.Duration) {
	if most := m.most(); !slices.ContainsFunc(m.Containers, func(c *hostsstore.Container) bool { return !roomy(&c.Hosts, most) }) {
		return false, 0
	}
	in, out := m.size()
	if in == 0 {
		return false, 0
	}
	room := make([]bool, len(m.Containers))
	parallel.Do(len(room), func(i int) { room[i] = m.fits(m.Containers[i], in, out) })
	for i, c := range m.Containers {
		switch {
		case room[i]:
		case c.Hosts.Gathered == 0:
			gather, wait = true, grace
		default:
			wait = max(wait, grace-(m.Now-c.Hosts.Gathered))
		}
	}
	return gather, wait
}

// most returns how many bytes could come at most.
func (m *Import) most() (n int64) {
	for i := range m.Is {
		n += listed(m.Is[i].Lines)
	}
	return n
}

// listed returns how many bytes lines take in the file of a container.
func listed(lines []*hostsstore.RemoteLine) (n int64) {
	for _, l := range lines {
		if !l.Peer.NetworkOnly {
			n += int64(len(l.Text))
		}
	}
	return n
}

// roomy reports whether a container's file is far from its limit, however much of that comes.
func roomy(h *hostsstore.Hosts, most int64) bool {
	return h.State.Size-h.User+paged(most) <= max(leastLimit, min(roster.Growth*h.Most, roster.Spare().Bytes))
}

// paged returns how much room lines take: none crosses a page.
func paged(bytes int64) int64 { return bytes + bytes/8 + etchosts.PageSize }

// size returns how many bytes come into the files of containers and go from them.
func (m *Import) size() (in, out int64) {
	local := map[netip.Addr]struct{}{}
	was, is := roster.RemoteLines(m.Was, local), roster.RemoteLines(m.Is, local)
	return listed(lacking(is, was)), listed(lacking(was, is))
}

// fits reports whether a container's file is within its limit then.
func (m *Import) fits(c *hostsstore.Container, in, out int64) bool {
	then := c.Hosts
	then.Belongs += in - out
	then.Most = max(then.Most, then.Belongs)
	in = paged(in)
	if then.State.Size-then.User+in <= limit(&then) {
		return true
	}
	if then.Gathered > 0 {
		return m.Now-then.Gathered >= grace
	}
	open, err := etchosts.OpenRead(m.Namespace.HostsPath(c.ID), m.Marker)
	if err != nil {
		return true // the edit says why
	}
	defer func() { _ = open.Close() }()
	behind, err := open.RoomBehind(then.State.Size)
	return err != nil || behind >= in
}
