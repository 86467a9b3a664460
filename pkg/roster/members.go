package roster

import (
	"cmp"
	"slices"
	"strings"
	"sync"

	"github.com/etcfiles/etcfiles/pkg/etchosts"
	"github.com/etcfiles/etcfiles/pkg/hostsstore"
)

// Placed is an attachment together with its container.
type Placed struct {
	Container  *hostsstore.Container
	Attachment *hostsstore.Attachment
}

// Member is an attachment with the lines by which its peers know it, unless they hold one of its names themselves.
type Member struct {
	Placed
	near  string // for those who know it by its short names
	far   string // for those of another Kubernetes namespace
	world string // for the file of the network

	pod   bool           // else all know it by the same
	sieve etchosts.Sieve // has the names in these lines
}

// MemberOf returns the attachment with its lines.
func MemberOf(p Placed) Member {
	m := Member{Placed: p}
	m.format()
	return m
}

func (m *Member) format() {
	m.near = lines(m.Attachment.Addresses, m.Attachment.Names)
	m.sieve.Add(m.Attachment.Names...)
	if m.pod = m.Container.Kubernetes != ""; m.pod {
		m.far = lines(m.Attachment.Addresses, m.Attachment.Qualified)
		m.world = lines(m.Attachment.Addresses, world(m.Attachment))
		m.sieve.Add(m.Attachment.Qualified...)
		m.sieve.Add(world(m.Attachment)...)
	}
}

// text returns the lines that a viewer has who holds none of the names.
func (m *Member) text(v *Viewer) string {
	switch {
	case !m.pod || !v.foreign(m.Placed):
		return m.near
	case v.Container == nil:
		return m.world
	}
	return m.far
}

// world returns the names that the file of the network has of a pod's attachment.
func world(a *hostsstore.Attachment) []string {
	if len(a.World) > 0 {
		return a.World
	}
	return a.Qualified
}

// eachName calls stop with each name of an attachment, until it returns true.
func eachName(a *hostsstore.Attachment, stop func(name string) bool) bool {
	return slices.ContainsFunc(a.Own, stop) || slices.ContainsFunc(a.Names, stop) || slices.ContainsFunc(a.Qualified, stop) || (a.Label != "" && stop(a.Label))
}

// Members are the attachments of each network, oldest first. Two may claim one address: then both have it.
type Members struct {
	of     map[string][]*Member
	format func() // makes the lines of all: an operation that only adds or takes away needs none
	remote *remotes
	pages  func() map[string]*page // by network; nil unless many viewers ask, see ForMany
}

// Networks returns the members of each network that has one.
func (m Members) Networks() map[string][]*Member { return m.of }

// Of returns the members of a network.
func (m Members) Of(network string) []*Member { return m.of[network] }

// Texts returns the lines by which members are known to those who hold none of their names.
func (m Members) Texts() map[string]bool {
	m.format()
	texts := map[string]bool{}
	for _, list := range m.of {
		for _, member := range list {
			for _, text := range []string{member.near, member.far, member.world} {
				if text != "" {
					texts[text] = true
				}
			}
		}
	}
	return texts
}

// MembersOf returns the members of an index, with the peers that remote has on other hosts; nil for none.
func MembersOf(ix *hostsstore.Index, remote Remote) Members {
	n := 0
	for _, c := range ix.Containers {
		n += len(c.Attachments)
	}
	all := make([]Member, 0, n) // never grown
	of := map[string][]*Member{}
	for _, c := range ix.Containers {
		for i := range c.Attachments {
			all = append(all, Member{Placed: Placed{c, &c.Attachments[i]}})
			network := c.Attachments[i].Network
			of[network] = append(of[network], &all[len(all)-1])
		}
	}
	for _, list := range of {
		slices.SortStableFunc(list, olderMember)
		inOrder := make([]Member, len(list)) // whoever makes the lines of a thousand files walks through them as often
		for i, member := range list {
			inOrder[i], list[i] = *member, &inOrder[i]
		}
	}
	m := Members{of: of, format: sync.OnceFunc(func() {
		for _, list := range of {
			for i := range list {
				list[i].format()
			}
		}
	})}
	if remote != nil {
		m.remote = &remotes{read: remote, local: m.Addresses, lines: map[string][]*hostsstore.RemoteLine{}}
	}
	return m
}

// ByAge compares two attachments: the older one stands first in a hosts file.
func ByAge(a, b Placed) int {
	return cmp.Or(
		cmp.Compare(a.Attachment.Sequence, b.Attachment.Sequence),
		cmp.Compare(a.Container.ID, b.Container.ID),
		cmp.Compare(a.Attachment.IfName, b.Attachment.IfName),
	)
}

// olderMember is ByAge for pointers: code that sorts is made for each type anew, but once for all pointers.
func olderMember(a, b *Member) int { return ByAge(a.Placed, b.Placed) }

func memberByAge(m *Member, p Placed) int { return ByAge(m.Placed, p) }

// appendPeers appends the blocks of all attachments that the viewer sees and that are not its own, oldest first.
func (m Members) appendPeers(blocks []string, v *Viewer) []string {
	if p := m.pageFor(v); p != nil {
		return p.appendPeers(blocks, v)
	}
	m.format()
	var list []*Member
	if v.Container == nil {
		list = m.of[v.Network]
	} else {
		var seen []string
		for i := range v.Container.Attachments {
			network := v.Container.Attachments[i].Network
			if slices.Contains(seen, network) {
				continue
			}
			seen = append(seen, network)
			if len(seen) == 1 {
				list = m.of[network]
				continue
			}
			list = slices.Concat(list, m.of[network])
		}
		if len(seen) > 1 {
			slices.SortStableFunc(list, olderMember)
		}
	}
	blocks = slices.Grow(blocks, len(list))
	for i := range list {
		if list[i].Container != v.Container {
			blocks = append(blocks, v.Lines(list[i]))
		}
	}
	return blocks
}

// Blocks returns all that belongs into our region of the viewer's file.
func (m Members) Blocks(v *Viewer) []string {
	v.index()
	return m.appendRemote(m.appendPeers(v.own(), v), v)
}

// withoutPeers returns the blocks of the viewer itself and those of other hosts.
func (m Members) withoutPeers(v *Viewer) []string {
	v.index()
	return m.appendRemote(v.own(), v)
}

// AllNames returns the names of an attachment in its own container's file: those that peers see too, those that they do not,
// and the first label of a hostname with dots.
func AllNames(a *hostsstore.Attachment) []string {
	own := slices.Concat(a.Own, a.Names, a.Qualified)
	if a.Label != "" {
		own = append(own, a.Label)
	}
	return Unique(own)
}

// SameNames reports whether two attachments have the same names for whoever looks.
func SameNames(a, b *hostsstore.Attachment) bool {
	return slices.Equal(a.Names, b.Names) && slices.Equal(a.Qualified, b.Qualified) && slices.Equal(a.Own, b.Own) &&
		slices.Equal(a.World, b.World) && a.Label == b.Label
}

// Unique drops the later of equal names, whatever their case.
func Unique(list []string) []string {
	seen := make(map[string]struct{}, len(list))
	return slices.DeleteFunc(list, func(name string) bool {
		name = strings.ToLower(name)
		_, ok := seen[name]
		seen[name] = struct{}{}
		return ok || name == ""
	})
}

// Rank returns about where among the attachments of its network one stands, from 0 for the oldest to 1.
func (m Members) Rank(p Placed) float64 {
	list := m.of[p.Attachment.Network]
	n, _ := slices.BinarySearchFunc(list, p, memberByAge)
	return float64(n) / float64(len(list)+1)
}

// Sharers returns the attachments that a viewer of this one may see too, since it is on their network as well, or that are
// leaving, and that share a name with it. Its lines must stand behind theirs: a reader that is past the room of struck lines
// would miss them there.
func (m Members) Sharers(p Placed, leaving []Placed) []Placed {
	own := map[string]struct{}{}
	eachName(p.Attachment, func(name string) bool {
		own[strings.ToLower(name)] = struct{}{}
		return false
	})
	shares := func(other *hostsstore.Attachment) bool {
		return other != p.Attachment && eachName(other, func(name string) bool {
			_, ok := own[strings.ToLower(name)]
			return ok
		})
	}
	var out []Placed
	for network := range m.seen(p.Attachment.Network) {
		for _, other := range m.of[network] {
			if shares(other.Attachment) {
				out = append(out, other.Placed)
			}
		}
	}
	for _, other := range leaving {
		if shares(other.Attachment) {
			out = append(out, other)
		}
	}
	return out
}

// seen returns the networks that those see who are on the network.
func (m Members) seen(network string) map[string]struct{} {
	out := map[string]struct{}{network: {}}
	for _, other := range m.of[network] {
		for i := range other.Container.Attachments {
			out[other.Container.Attachments[i].Network] = struct{}{}
		}
	}
	return out
}

// Known returns what reports whether a line in a broken region is one that belongs into the viewer's file, or did before
// some attachments, and lines of other hosts, left.
func (m Members) Known(v *Viewer, leaving []Placed, remote []*hostsstore.RemoteLine) func(line string) bool {
	page := m.pageFor(v)
	known := sync.OnceValue(func() map[string]struct{} {
		set := map[string]struct{}{}
		add := func(text string) {
			for line := range strings.Lines(text) {
				set[line] = struct{}{}
			}
		}
		blocks := m.Blocks
		if page != nil { // it knows the peers' lines by their names
			blocks = m.withoutPeers
		}
		for _, block := range blocks(v) {
			add(block)
		}
		for _, p := range leaving {
			m := MemberOf(p)
			add(v.Lines(&m))
		}
		for _, l := range remote {
			add(v.Remote(l))
		}
		return set
	})
	return func(line string) bool {
		line = strings.TrimSuffix(line, "\n") + "\n" // a file may be cut before its last newline
		_, ok := known()[line]
		return ok || page != nil && page.has(v, line)
	}
}
