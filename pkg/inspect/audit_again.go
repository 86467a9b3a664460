package inspect

import (
	"slices"
	"strings"

	"github.com/etcfiles/etcfiles/pkg/etchosts"
	"github.com/etcfiles/etcfiles/pkg/roster"
)

// lookBefore is what a look has found while operations were at work. A further look is to see whether it is still so: what was right
// once is not looked at again, and a line of a container that has come or gone in between explains itself. So a look beside
// operations costs little more than one without.
type lookBefore struct {
	findings []Finding
	about    map[subject]bool               // that something was found of, besides lines of its hosts file
	differ   map[string]etchosts.Difference // of hosts files, by path
	members  roster.Members
	read     map[string]recordRead
}

// subject is a container or a network.
type subject struct{ id, network string }

// seen returns what this look has found.
func (a *audit) seen() *lookBefore {
	s := &lookBefore{a.findings, map[subject]bool{}, a.differ, a.members, a.read}
	for _, f := range a.findings {
		if !f.ofLines() {
			s.about[subject{f.ID, f.Network}] = true
		}
	}
	return s
}

// again reports whether to look at the container or the network of a possible finding. What is of neither is little.
func (a *audit) again(f Finding) bool {
	s := subject{f.ID, f.Network}
	return a.earlier == nil || s == subject{} || a.earlier.about[s]
}

// differed returns how a hosts file differed at the look before, false if it was not compared then.
func (a *audit) differed(path string) (d etchosts.Difference, ok bool) {
	if a.earlier != nil {
		d, ok = a.earlier.differ[path]
	}
	return d, ok
}

// differs notes how a hosts file differs from what it has to be.
func (a *audit) differs(path string, d *etchosts.Difference) {
	a.mu.Lock()
	a.differ[path] = *d
	a.mu.Unlock()
}

// movedLines returns the lines of the attachments that have come or gone since the look before, without their newlines.
func (a *audit) movedLines() map[string]bool {
	moved := map[string]bool{}
	if a.earlier == nil {
		return moved
	}
	then, now := a.earlier.members.Texts(), a.members.Texts()
	for _, pair := range [][2]map[string]bool{{then, now}, {now, then}} {
		for text := range pair[0] {
			if pair[1][text] {
				continue
			}
			for line := range strings.Lines(text) {
				moved[strings.TrimSuffix(line, "\n")] = true
			}
		}
	}
	return moved
}

// unexplained reports whether a hosts file differed at the look before, and not only by lines that have moved since.
func (a *audit) unexplained(moved map[string]bool, path string) bool {
	d, ok := a.differed(path)
	stays := func(line string) bool { return !moved[line] }
	return ok && (len(d.Misplaced)+len(d.Twice)+len(d.Markers) > 0 || slices.ContainsFunc(d.Missing, stays) || slices.ContainsFunc(d.Extra, stays))
}
