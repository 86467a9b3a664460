package roster

import (
	"net/netip"
	"slices"
	"strings"
	"sync"

	"github.com/etcfiles/etcfiles/pkg/etchosts"
)

// page is the text of all members of a network for a viewer that is no pod and has none of their names: the file of each such container
// has all of it, but for the lines of the container itself and of the few with whom it shares a name.
type page struct {
	members []*Member
	text    string
	at      []int            // where the lines of each member begin in the text, and where the last ones end, in bytes
	holders map[string][]int // the members that have a lower-case name in these lines
}

// ForMany returns the same members, whose Blocks are cheap where many viewers ask for theirs, also at once. A block may be thousands of
// lines then.
func (m Members) ForMany() Members {
	m.pages = sync.OnceValue(func() map[string]*page {
		m.format()
		pages := map[string]*page{}
		for network, list := range m.of {
			pages[network] = pageOf(list)
		}
		return pages
	})
	return m
}

func pageOf(list []*Member) *page {
	p := &page{members: list, at: []int{0}, holders: map[string][]int{}}
	var text strings.Builder
	for i, m := range list {
		lines, names := m.near, m.Attachment.Names
		if m.pod {
			lines, names = m.far, m.Attachment.Qualified
		}
		text.WriteString(lines)
		p.at = append(p.at, text.Len())
		for _, name := range names {
			name = strings.ToLower(name)
			p.holders[name] = append(p.holders[name], i)
		}
	}
	p.text = text.String()
	return p
}

// pageFor returns the page of a viewer that has one, else nil.
func (m Members) pageFor(v *Viewer) *page {
	if m.pages == nil || v.Container == nil || v.Container.Kubernetes != "" {
		return nil
	}
	networks := v.Networks()
	if len(networks) != 1 {
		return nil
	}
	return m.pages()[networks[0]]
}

// appendPeers appends the blocks of the members for a viewer of whom it is the page.
func (p *page) appendPeers(blocks []string, v *Viewer) []string {
	from := 0
	add := func(to int) {
		if from < to {
			blocks = append(blocks, p.text[from:to])
		}
	}
	for _, i := range p.meets(v) {
		add(p.at[i])
		if m := p.members[i]; m.Container != v.Container {
			blocks = append(blocks, v.Lines(m))
		}
		from = p.at[i+1]
	}
	add(len(p.text))
	return blocks
}

// meets returns which members are the viewer itself, or share a name with what stands above the peers in its file.
func (p *page) meets(v *Viewer) []int {
	v.Prepare()
	var list []int
	for name := range v.held {
		list = append(list, p.holders[name]...)
	}
	for _, name := range v.users {
		list = append(list, p.holders[name]...)
	}
	for i := range v.Container.Attachments {
		if n, ok := slices.BinarySearchFunc(p.members, Placed{v.Container, &v.Container.Attachments[i]}, memberByAge); ok {
			list = append(list, n)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// has reports whether a line is one of the members' in the file of the viewer.
func (p *page) has(v *Viewer, line string) bool {
	var few []int // that have one of its names
	begun := false
	etchosts.Names(line, func(_ netip.Addr, name string) {
		if holders := p.holders[strings.ToLower(name)]; !begun || len(holders) < len(few) {
			begun, few = true, holders
		}
	})
	return slices.ContainsFunc(few, func(i int) bool {
		m := p.members[i]
		return m.Container != v.Container && slices.Contains(slices.Collect(strings.Lines(v.Lines(m))), line)
	})
}

// Shared returns a function that reports whether a line of the viewer's file may have a name of another one, or nil where it would be slow to
// find out.
func (m Members) Shared(v *Viewer) func(line string) bool {
	p := m.pageFor(v)
	if p == nil || len(m.RemoteOf(v)) > 0 {
		return nil
	}
	return func(line string) (shared bool) {
		etchosts.Names(line, func(_ netip.Addr, name string) {
			of := p.holders[strings.ToLower(name)]
			shared = shared || v.holds(name) || len(of) != 1 || v.Lines(p.members[of[0]]) != line
		})
		return shared
	}
}
