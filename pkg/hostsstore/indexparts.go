package hostsstore

import (
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/etcfiles/etcfiles/pkg/safefile"
)

// part is a piece of an index in a file of its own: the containers of networks that have a container in common, so that an
// operation which is about one of them concerns no other part. It stands in index/<NS>/part-<slot>, in a slot that the index
// before it does not use: until the new index is in place the old one is whole.
type part struct {
	slot     int
	stamp    uint64   // when it was written; the file begins with it
	size     int      // containers
	networks []string // no other part has them
	foreign  bool     // it has a record that is not ours
	pods     bool     // it has a pod

	read    bool // its containers are in the index
	members []*Container
}

// fewContainers is how many containers stand in the index itself, whichever networks they are on: one more file costs
// what reading some hundred lines does.
const fewContainers = 64

func (p *part) has(network string) bool { return slices.Contains(p.networks, network) }

// Len returns how many containers an index has, also of those that have not been read.
func (ix *Index) Len() int {
	n := len(ix.Containers)
	for _, p := range ix.parts {
		if !p.read {
			n += p.size
		}
	}
	return n
}

// Partial reports whether an index has containers that have not been read, see ReadPart. None of them shares a network with
// one that has.
func (ix *Index) Partial() bool {
	return slices.ContainsFunc(ix.parts, func(p *part) bool { return !p.read })
}

// Foreign reports whether an index has a record that is not ours, also of those that have not been read.
func (ix *Index) Foreign() bool {
	for _, p := range ix.parts {
		if !p.read && p.foreign {
			return true
		}
	}
	for _, c := range ix.Containers {
		if c.Foreign {
			return true
		}
	}
	return false
}

// astray reports that a container is on a network of a part which has not been read: that part is not whole then.
func (ix *Index) astray() bool {
	for _, p := range ix.parts {
		if p.read {
			continue
		}
		for _, c := range ix.Containers {
			if slices.ContainsFunc(c.Attachments, func(a Attachment) bool { return p.has(a.Network) }) {
				return true
			}
		}
	}
	return false
}

// split says which containers stand in the index itself, and which parts it has then: those that have not been read as
// they were, the others anew, by which networks have a container in common now.
func (ix *Index) split() (rest []*Container, parts []*part) {
	var used []int // by the index that is taken
	for _, p := range ix.parts {
		used = append(used, p.slot)
		if !p.read {
			parts = append(parts, p)
		}
	}
	for _, group := range ix.groups() {
		if len(group) <= fewContainers {
			rest = append(rest, group...)
			continue
		}
		p := &part{stamp: uint64(time.Now().UnixNano()), size: len(group), read: true, members: group}
		for slices.Contains(used, p.slot) {
			p.slot++
		}
		used = append(used, p.slot)
		networks := map[string]struct{}{}
		for _, c := range group {
			p.foreign, p.pods = p.foreign || c.Foreign, p.pods || c.PodUID != ""
			for i := range c.Attachments {
				if network := c.Attachments[i].Network; len(networks) == 0 || !p.has(network) {
					networks[network] = struct{}{}
					p.networks = append(p.networks, network)
				}
			}
		}
		parts = append(parts, p)
	}
	return rest, parts
}

// groups returns the containers that have been read by which networks have a container in common. Those on no network are one
// group, and few are, whatever their networks.
func (ix *Index) groups() [][]*Container {
	of := map[string]int{} // network → number of its group
	var groups [][]*Container
	into := func(c *Container, group int) { groups[group] = append(groups[group], c) }
	groups = append(groups, nil)
	for _, c := range ix.Containers {
		if len(ix.Containers) <= fewContainers || len(c.Attachments) == 0 {
			into(c, 0)
			continue
		}
		group, known := of[c.Attachments[0].Network]
		if !known {
			group = len(groups)
			groups = append(groups, nil)
			of[c.Attachments[0].Network] = group
		}
		for i := 1; i < len(c.Attachments); i++ {
			network := c.Attachments[i].Network
			other, known := of[network]
			if of[network] = group; !known || other == group {
				continue
			}
			groups[group], groups[other] = append(groups[group], groups[other]...), nil
			for network, g := range of {
				if g == other {
					of[network] = group
				}
			}
		}
		into(c, group)
	}
	return groups
}

const partPrefix = "part-"

func (n *Namespace) partPath(slot int) string {
	return filepath.Join(n.indexDir(), partPrefix+strconv.Itoa(slot))
}

// putIndex writes the parts that have been made anew, and then the index that names them.
func (n *Namespace) putIndex(ix *Index, rest []*Container, parts []*part) error {
	for _, p := range parts {
		if !p.read {
			continue
		}
		if err := n.putCache(n.partPath(p.slot), p.encode()); err != nil {
			return err
		}
	}
	return n.putCache(n.IndexPath(), ix.encode(rest, parts))
}

// removeParts removes those parts of an earlier index that a later one has made anew.
func (n *Namespace) removeParts(parts []*part) error {
	var errs []error
	for _, p := range parts {
		if p.read {
			errs = append(errs, safefile.Remove(n.partPath(p.slot)))
		}
	}
	return errors.Join(errs...)
}

// removeAllParts removes every part, also those that no index names.
func (n *Namespace) removeAllParts() error {
	return removeEntries(n.indexDir(), func(e fs.DirEntry) bool { return strings.Contains(e.Name(), partPrefix) }) // or a temporary file for one
}
