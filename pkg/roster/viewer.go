package roster

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/etcfiles/etcfiles/pkg/etchosts"
	"github.com/etcfiles/etcfiles/pkg/hostsstore"
	"github.com/etcfiles/etcfiles/pkg/names"
)

// LoopbackNames returns the names of the lines that every container's hosts file begins with.
func LoopbackNames() []string { return slices.Clone(loopbackNames) }

var loopbackNames = []string{"localhost", "localhost.localdomain", "ip6-localhost", "ip6-loopback"}

// The lines of loopback as etchosts.Format makes them.
const (
	loopback4 = "127.0.0.1       localhost localhost.localdomain\n"
	loopback6 = "::1             localhost localhost.localdomain ip6-localhost ip6-loopback\n"
)

// Viewer is whoever reads a hosts file: a container, or the world for the hosts file of a network.
type Viewer struct {
	Container *hostsstore.Container // nil for the file of a network
	Network   string                // of the file of a network
	users     []string              // lower-case names in the user's own lines, sorted, as the container has them once held is there
	held      map[string]struct{}   // the other lower-case names that stand above the peers, once many names are to be looked up
	sieve     etchosts.Sieve        // has both then
}

// Prepare makes looking up many names cheap.
func (v *Viewer) Prepare() {
	if v.held == nil {
		v.index()
	}
}

// index does that.
func (v *Viewer) index() {
	v.begin(nil)
	if v.Container != nil {
		v.begin(v.Container.UserNames)
		v.each(func(name string) bool {
			v.hold(name)
			return false
		})
	}
}

// each calls stop with the names that stand above the peers in the container's file, but for those in the user's own lines,
// until it returns true.
func (v *Viewer) each(stop func(name string) bool) bool {
	c := v.Container
	if slices.ContainsFunc(loopbackNames, stop) {
		return true
	}
	for i := range c.ExtraHosts {
		if stop(c.ExtraHosts[i].Name) {
			return true
		}
	}
	for i := range c.Adopted {
		if slices.ContainsFunc(c.Adopted[i].Names, stop) {
			return true
		}
	}
	for i := range c.Attachments {
		if eachName(&c.Attachments[i], stop) {
			return true
		}
	}
	return false
}

// holds reports whether a name stands above the peers.
func (v *Viewer) holds(name string) bool {
	if v.held != nil {
		if !v.sieve.May(name) {
			return false
		}
		name = strings.ToLower(name)
		_, ok := v.held[name]
		return ok || contains(v.users, name)
	}
	if v.Container == nil {
		return false
	}
	if contains(v.Container.UserNames, strings.ToLower(name)) {
		return true
	}
	return v.each(func(n string) bool { return len(n) == len(name) && strings.EqualFold(n, name) })
}

func contains(sorted []string, name string) bool {
	_, ok := slices.BinarySearch(sorted, name)
	return ok
}

// begin makes holds look at the names of the user and those that hold adds, and at no others.
func (v *Viewer) begin(users []string) {
	v.users, v.held, v.sieve = users, map[string]struct{}{}, etchosts.Sieve{}
	v.sieve.Add(users...)
}

func (v *Viewer) hold(names ...string) {
	v.sieve.Add(names...)
	for _, name := range names {
		v.held[strings.ToLower(name)] = struct{}{}
	}
}

// Sees reports whether the viewer is on the network.
func (v *Viewer) Sees(network string) bool {
	if v.Container == nil {
		return v.Network == network
	}
	return OnNetwork(v.Container, network)
}

// OnNetwork reports whether a container is on the network.
func OnNetwork(c *hostsstore.Container, network string) bool {
	return slices.ContainsFunc(c.Attachments, func(a hostsstore.Attachment) bool { return a.Network == network })
}

// foreign reports whether an attachment is that of a pod of another Kubernetes namespace.
func (v *Viewer) foreign(p Placed) bool {
	k := p.Container.Kubernetes
	return k != "" && (v.Container == nil || v.Container.Kubernetes != k)
}

// Names returns the names by which the viewer may know an attachment of another container.
func (v *Viewer) Names(p Placed) []string {
	switch {
	case !v.foreign(p):
		return p.Attachment.Names
	case v.Container == nil:
		return world(p.Attachment)
	}
	return p.Attachment.Qualified
}

// Lines returns the lines by which the viewer knows an attachment of another container.
func (v *Viewer) Lines(m *Member) string {
	if v.held != nil && !v.sieve.Meets(&m.sieve) {
		return m.text(v)
	}
	list := v.Names(m.Placed)
	if len(list) > fewNames && v.held == nil {
		v.index()
	}
	if slices.ContainsFunc(list, v.holds) {
		return lines(m.Attachment.Addresses, slices.DeleteFunc(slices.Clone(list), v.holds))
	}
	return m.text(v)
}

// fewNames is how many names are looked up one by one.
const fewNames = 32

// without returns the names that no higher line of the viewer's file holds.
func (v *Viewer) without(list []string) []string {
	if v.held == nil && len(list) > fewNames {
		v.index()
	}
	if !slices.ContainsFunc(list, v.holds) {
		return list
	}
	return slices.DeleteFunc(slices.Clone(list), v.holds)
}

func lines(addresses []netip.Addr, names []string) string {
	if len(addresses) == 1 {
		return etchosts.Format(addresses[0], names)
	}
	var b strings.Builder
	for _, addr := range addresses {
		b.WriteString(etchosts.Format(addr, names))
	}
	return b.String()
}

// Natural returns attachments in the natural order of their interface names.
func Natural(list []hostsstore.Attachment) []*hostsstore.Attachment {
	out := make([]*hostsstore.Attachment, len(list))
	for i := range list {
		out[i] = &list[i]
	}
	slices.SortStableFunc(out, func(a, b *hostsstore.Attachment) int { return names.Natural(a.IfName, b.IfName) })
	return out
}

// own returns the blocks above the peers in the viewer's file.
func (v *Viewer) own() []string {
	if v.Container == nil {
		return nil
	}
	return own(v.Container)
}

// own returns the blocks above the peers: localhost, extra hosts, what was taken over, the container itself.
func own(c *hostsstore.Container) []string {
	higher := &Viewer{}
	higher.begin(c.UserNames)
	var out []string
	add := func(text string) { out = append(out, text) }
	add(loopback4)
	if !c.NoIPv6Loopback {
		add(loopback6)
	}
	higher.hold(loopbackNames...)
	var extra []string
	for _, x := range c.ExtraHosts {
		add(etchosts.Format(x.Address, higher.without([]string{x.Name})))
		extra = append(extra, x.Name)
	}
	higher.hold(extra...)
	var adopted []string
	for _, line := range c.Adopted {
		add(etchosts.Format(line.Address, higher.without(line.Names)))
		adopted = append(adopted, line.Names...)
	}
	higher.hold(adopted...)
	for _, a := range Natural(c.Attachments) {
		add(lines(a.Addresses, higher.without(AllNames(a))))
	}
	return out
}
