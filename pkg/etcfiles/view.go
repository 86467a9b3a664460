package etcfiles

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"

	"github.com/etcfiles/etcfiles/pkg/etchosts"
	"github.com/etcfiles/etcfiles/pkg/hostsstore"
)

var (
	loopback4 = etchosts.Format(netip.AddrFrom4([4]byte{127, 0, 0, 1}), []string{"localhost", "localhost.localdomain"})
	loopback6 = etchosts.Format(netip.IPv6Loopback(), []string{"localhost", "localhost.localdomain", "ip6-localhost", "ip6-loopback"})

	loopbackNames = []string{"localhost", "localhost.localdomain", "ip6-localhost", "ip6-loopback"}
)

// placed is an attachment together with its container.
type placed struct {
	container  *hostsstore.Container
	attachment *hostsstore.Attachment
}

// viewer is whoever reads a hosts file: a container, or the world for the hosts file of a network.
type viewer struct {
	container *hostsstore.Container // nil for the file of a network
	network   string                // of the file of a network
	held      map[string]struct{}   // lower-case names that stand above the peers, once many names are to be looked up
}

// index makes looking up many names cheap.
func (v *viewer) index() {
	v.held = map[string]struct{}{}
	if v.container != nil {
		v.held = make(map[string]struct{}, 16+len(v.container.UserNames))
		v.hold(v.container.UserNames)
		v.each(func(name string) bool {
			v.held[strings.ToLower(name)] = struct{}{}
			return false
		})
	}
}

// each calls stop with the names that stand above the peers in the container's file, but for those in the user's own lines,
// until it returns true.
func (v *viewer) each(stop func(name string) bool) bool {
	c := v.container
	if slices.ContainsFunc(loopbackNames, stop) {
		return true
	}
	for i := range c.ExtraHosts {
		if stop(c.ExtraHosts[i].Name) {
			return true
		}
	}
	for i := range c.Attachments {
		a := &c.Attachments[i]
		if slices.ContainsFunc(a.Names, stop) || slices.ContainsFunc(a.Qualified, stop) || (a.Label != "" && stop(a.Label)) {
			return true
		}
	}
	return false
}

// holds reports whether a name stands above the peers.
func (v *viewer) holds(name string) bool {
	if v.held != nil {
		_, ok := v.held[strings.ToLower(name)]
		return ok
	}
	if v.container == nil {
		return false
	}
	if _, users := slices.BinarySearch(v.container.UserNames, strings.ToLower(name)); users {
		return true
	}
	return v.each(func(n string) bool { return len(n) == len(name) && strings.EqualFold(n, name) })
}

func (v *viewer) hold(names []string) {
	for _, name := range names {
		v.held[strings.ToLower(name)] = struct{}{}
	}
}

// sees reports whether the viewer is on the network.
func (v *viewer) sees(network string) bool {
	if v.container == nil {
		return v.network == network
	}
	return onNetwork(v.container, network)
}

func onNetwork(c *hostsstore.Container, network string) bool {
	return slices.ContainsFunc(c.Attachments, func(a hostsstore.Attachment) bool { return a.Network == network })
}

// foreign reports whether an attachment is that of a pod of another Kubernetes namespace.
func (v *viewer) foreign(p placed) bool {
	k := p.container.Kubernetes
	return k != "" && (v.container == nil || v.container.Kubernetes != k)
}

// names returns the names by which the viewer may know an attachment of another container.
func (v *viewer) names(p placed) []string {
	if v.foreign(p) {
		return p.attachment.Qualified
	}
	return p.attachment.Names
}

// peer returns the lines by which the viewer knows an attachment of another container.
func (v *viewer) peer(m *member) string {
	list := v.names(m.placed)
	if len(list) > fewNames && v.held == nil {
		v.index()
	}
	if slices.ContainsFunc(list, v.holds) {
		return lines(m.attachment.Addresses, slices.DeleteFunc(slices.Clone(list), v.holds))
	}
	return m.text(v)
}

// fewNames is how many names are looked up one by one.
const fewNames = 32

// without returns the names that no higher line of the viewer's file holds.
func (v *viewer) without(list []string) []string {
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

// AllNames returns the names of an attachment in its own container's file: those that peers see too, and the first label of
// a hostname with dots.
func AllNames(a *hostsstore.Attachment) []string {
	own := append(slices.Clone(a.Names), a.Qualified...)
	if a.Label != "" {
		own = append(own, a.Label)
	}
	return unique(own)
}

// unique drops the later of equal names, whatever their case.
func unique(list []string) []string {
	seen := make(map[string]struct{}, len(list))
	return slices.DeleteFunc(list, func(name string) bool {
		name = strings.ToLower(name)
		_, ok := seen[name]
		seen[name] = struct{}{}
		return ok || name == ""
	})
}

// own returns the blocks above the peers: localhost, extra hosts, the container itself.
func own(c *hostsstore.Container) []string {
	higher := &viewer{held: make(map[string]struct{}, 16+len(c.UserNames))}
	var out []string
	add := func(text string) { out = append(out, text) }
	add(loopback4)
	if !c.NoIPv6Loopback {
		add(loopback6)
	}
	higher.hold(loopbackNames)
	higher.hold(c.UserNames)
	var extra []string
	for _, x := range c.ExtraHosts {
		add(etchosts.Format(x.Address, higher.without([]string{x.Name})))
		extra = append(extra, x.Name)
	}
	higher.hold(extra)
	for i := range c.Attachments {
		a := &c.Attachments[i]
		add(lines(a.Addresses, higher.without(AllNames(a))))
	}
	return out
}

// member is an attachment with the lines by which its peers know it, unless they hold one of its names themselves.
type member struct {
	placed
	near string // for those who know it by its short names
	far  string // for those of another Kubernetes namespace
}

func memberOf(p placed) member {
	m := member{placed: p, near: lines(p.attachment.Addresses, p.attachment.Names)}
	if p.container.Kubernetes != "" {
		m.far = lines(p.attachment.Addresses, p.attachment.Qualified)
	}
	return m
}

// text returns the lines that a viewer has who holds none of the names.
func (m *member) text(v *viewer) string {
	if v.foreign(m.placed) {
		return m.far
	}
	return m.near
}

// eachName calls stop with each name of an attachment, until it returns true.
func eachName(a *hostsstore.Attachment, stop func(name string) bool) bool {
	return slices.ContainsFunc(a.Names, stop) || slices.ContainsFunc(a.Qualified, stop) || (a.Label != "" && stop(a.Label))
}

// members are the attachments of each network, oldest first. Of two that claim one address the later has it.
type members map[string][]member

func membersOf(ix *hostsstore.Index) members {
	m := members{}
	for _, c := range ix.Containers {
		for i := range c.Attachments {
			p := placed{c, &c.Attachments[i]}
			m[p.attachment.Network] = append(m[p.attachment.Network], memberOf(p))
		}
	}
	for _, list := range m {
		slices.SortFunc(list, func(a, b member) int { return byAge(a.placed, b.placed) })
	}
	return m
}

func byAge(a, b placed) int {
	return cmp.Or(
		cmp.Compare(a.attachment.Sequence, b.attachment.Sequence),
		cmp.Compare(a.container.ID, b.container.ID),
		cmp.Compare(a.attachment.IfName, b.attachment.IfName),
	)
}

// peers returns the blocks of all attachments that the viewer sees and that are not its own, oldest first.
func (m members) peers(v *viewer) []string {
	var list []member
	if v.container == nil {
		list = m[v.network]
	} else {
		var seen []string
		for i := range v.container.Attachments {
			network := v.container.Attachments[i].Network
			if slices.Contains(seen, network) {
				continue
			}
			seen = append(seen, network)
			if len(seen) == 1 {
				list = m[network]
				continue
			}
			list = slices.Concat(list, m[network])
		}
		if len(seen) > 1 {
			slices.SortFunc(list, func(a, b member) int { return byAge(a.placed, b.placed) })
		}
	}
	out := make([]string, 0, len(list)+fewNames)
	for i := range list {
		if list[i].container != v.container {
			out = append(out, v.peer(&list[i]))
		}
	}
	return out
}

// blocks returns all that belongs into our region of the viewer's file.
func (m members) blocks(v *viewer) []string {
	v.index()
	if v.container == nil {
		return m.peers(v)
	}
	return append(own(v.container), m.peers(v)...)
}
