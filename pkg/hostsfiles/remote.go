package hostsfiles

import (
	"net/netip"
	"slices"

	"github.com/etcfiles/etcfiles/pkg/hostsstore"
	"github.com/etcfiles/etcfiles/pkg/roster"
)

// remoteChange are the lines of other hosts that come to a network and that go. What only comes or goes because a container here has
// the address is among them.
type remoteChange struct {
	came, went []*hostsstore.RemoteLine
}

// remoteChanges returns what changes of the lines of other hosts, by network.
func (e *Edit) remoteChanges() map[string]*remoteChange {
	out := map[string]*remoteChange{}
	for _, network := range e.Affected {
		before, imported := e.Before[network]
		if !imported {
			// Who comes needs all of the lines. Who goes does not, as long as none has its address.
			if len(e.Came) == 0 && !e.Remotes.Mention(network, e.moving(network)) {
				continue
			}
			before = e.Remotes.Of(network)
			if len(e.Came) > 0 && !e.mentioned(before, e.moving(network)) {
				continue
			}
		}
		old, now := roster.RemoteLines(before, e.formerAddresses(network)), e.members.Remote(network)
		c := &remoteChange{came: lacking(now, old), went: lacking(old, now)}
		if len(c.came)+len(c.went) > 0 {
			out[network] = c
		}
	}
	return out
}

// mentioned reports whether a line of other hosts has one of the addresses.
func (e *Edit) mentioned(hosts []hostsstore.RemoteHost, addresses []netip.Addr) bool {
	for i := range hosts {
		for _, l := range hosts[i].Lines {
			if slices.Contains(addresses, l.Address) {
				return true
			}
		}
	}
	return false
}

// moving returns the addresses on a network that come or go with containers here.
func (e *Edit) moving(network string) []netip.Addr {
	var out []netip.Addr
	for _, p := range slices.Concat(e.Came, e.Went) {
		if p.Attachment.Network == network {
			out = append(out, p.Attachment.Addresses...)
		}
	}
	return out
}

// formerAddresses returns the addresses that containers here had on a network before this operation.
func (e *Edit) formerAddresses(network string) map[netip.Addr]struct{} {
	had := map[netip.Addr]struct{}{}
	note := func(p roster.Placed) {
		for _, addr := range p.Attachment.Addresses {
			had[addr] = struct{}{}
		}
	}
	for _, m := range e.members.Of(network) {
		if !slices.ContainsFunc(e.Came, func(p roster.Placed) bool { return p.Attachment == m.Attachment }) {
			note(m.Placed)
		}
	}
	for _, p := range e.Went {
		if p.Attachment.Network == network {
			note(p)
		}
	}
	return had
}

// lineKey is what of a line is seen in hosts files.
type lineKey struct {
	text string
	only bool // in the file of the network
}

func keyOf(l *hostsstore.RemoteLine) lineKey { return lineKey{l.Text, l.Peer.NetworkOnly} }

// lacking returns the lines that the others have not. Both are in order, and most lines are in both.
func lacking(lines, others []*hostsstore.RemoteLine) []*hostsstore.RemoteLine {
	var out []*hostsstore.RemoteLine
	rest := others
	for _, l := range lines {
		for len(rest) > 0 && rest[0] != l && roster.ByRevision(rest[0], l) < 0 {
			rest = rest[1:]
		}
		if len(rest) > 0 && rest[0] == l {
			rest = rest[1:]
			continue
		}
		out = append(out, l)
	}
	if len(out) == 0 {
		return nil
	}
	missing := make(map[lineKey]bool, len(out))
	for _, l := range out {
		missing[keyOf(l)] = true
	}
	for _, l := range others {
		if key := keyOf(l); missing[key] {
			missing[key] = false
		}
	}
	return slices.DeleteFunc(out, func(l *hostsstore.RemoteLine) bool { return !missing[keyOf(l)] })
}

// worldOnly reports whether nothing of what changes on a network is seen in the files of its containers.
func (e *Edit) worldOnly(network string) bool {
	if e.Gather || e.Suspects(network) || slices.ContainsFunc(slices.Concat(e.Came, e.Went), func(p roster.Placed) bool { return p.Attachment.Network == network }) {
		return false
	}
	c := e.remote[network]
	return c == nil || !slices.ContainsFunc(slices.Concat(c.came, c.went), func(l *hostsstore.RemoteLine) bool { return !l.Peer.NetworkOnly })
}

// remoteWent returns the lines of other hosts that go from the networks of a viewer.
func (e *Edit) remoteWent(v *roster.Viewer) []*hostsstore.RemoteLine {
	var out []*hostsstore.RemoteLine
	for _, network := range v.Networks() {
		if c := e.remote[network]; c != nil {
			out = append(out, c.went...)
		}
	}
	return out
}

// guesses says where in a file the lines of an attachment may stand. Those of other hosts stand behind the local ones that were there when
// they came, and before those that came since.
func (e *Edit) guesses(f *file, c *change, length int) []int64 {
	size := f.state.State.Size
	even := int64(c.rank * float64(size))
	if !e.Remotes.Some() {
		return []int64{even}
	}
	local := float64(length * len(e.members.Of(c.Attachment.Network)))
	return []int64{size - int64((1-c.rank)*local), int64(c.rank * local), even}
}

// before returns where a line stands that was put into one of the rooms of a file, before what is left of it, with so many bytes of lines
// behind it. That costs little beside a search among lines of other hosts.
func (e *Edit) before(f *file, line string, behind int) []int64 {
	if !e.Remotes.Some() {
		return nil
	}
	var out []int64
	for _, r := range f.state.Rooms {
		out = append(out, r.Offset-int64(behind+len(line)))
	}
	return out
}
