package etcfiles

import (
	"errors"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/etcfiles/etcfiles/pkg/etchosts"
	"github.com/etcfiles/etcfiles/pkg/hostsstore"
)

// spare is what a hosts file may hold besides what belongs into it. With a line for every peer, struck ones and the
// user's own there is room enough; it bounds the time and the memory that a container's file can cost an operation.
var spare = etchosts.Bounds{Bytes: 4 << 20, Lines: 1 << 14, Names: 512 << 10}

// extent is how much room text takes in a hosts file.
type extent struct {
	bytes int64
	lines int
}

func (x extent) and(text string) extent {
	return extent{x.bytes + int64(len(text)), x.lines + strings.Count(text, "\n")}
}

// growth is how many times what belongs into a file may be in it, since struck lines stay.
const growth = 4

func (x extent) bounds() etchosts.Bounds {
	return etchosts.Bounds{Bytes: spare.Bytes + growth*x.bytes, Lines: spare.Lines + growth*x.lines, Names: spare.Names}
}

// extents returns what each network adds to a hosts file, with what this session takes out.
func (e *edit) extents() map[string]extent {
	out := e.members.extents()
	for _, p := range e.went {
		out[p.attachment.Network] = out[p.attachment.Network].and(p.all())
	}
	return out
}

func (m members) extents() map[string]extent {
	out := map[string]extent{}
	for network, list := range m {
		var x extent
		for i := range list {
			x = x.and(list[i].all())
		}
		out[network] = x
	}
	return out
}

// all returns the lines of an attachment with all its names.
func (p placed) all() string { return lines(p.attachment.Addresses, AllNames(p.attachment)) }

// bounds returns what the viewer's file may hold.
func (e *edit) bounds(v *viewer) etchosts.Bounds { return v.bounds(e.sizes()) }

func (v *viewer) bounds(sizes map[string]extent) etchosts.Bounds {
	if v.container == nil {
		return sizes[v.network].bounds()
	}
	var x extent
	c := *v.container
	c.UserNames = nil // takes nothing away
	for _, text := range own(&c) {
		x = x.and(text)
	}
	seen := map[string]bool{}
	for i := range v.container.Attachments {
		if network := v.container.Attachments[i].Network; !seen[network] {
			seen[network] = true
			x.bytes += sizes[network].bytes
			x.lines += sizes[network].lines
		}
	}
	return x.bounds()
}

// boundsOf returns what the hosts file of a container, or of a network, may hold.
func boundsOf(ix *hostsstore.Index, id, network string) etchosts.Bounds {
	return (&viewer{container: ix.Containers[id], network: network}).bounds(membersOf(ix).extents())
}

// obstructed reports that a file cannot be used because of what its owner has made of it: that is the owner's harm and
// nobody else's. A container may make its file huge, immutable, or a program that runs (ETXTBSY), take a lease on it
// (EAGAIN, see fcntl(2)), or make it as large as can be while we append (EFBIG).
func obstructed(err error) bool {
	for _, e := range []error{
		etchosts.ErrNotRegular, etchosts.ErrTooLarge, hostsstore.ErrNotRegular,
		unix.EPERM, unix.EACCES, unix.ENOTDIR, unix.ETXTBSY, unix.EAGAIN, unix.EFBIG,
	} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}
