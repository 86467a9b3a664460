package roster

import (
	"strings"
	"sync"

	"github.com/etcfiles/etcfiles/pkg/etchosts"
	"github.com/etcfiles/etcfiles/pkg/hostsstore"
)

// Growth is how many times what belongs into a hosts file may be in it, since struck lines stay.
const Growth = 4

// Spare returns what a hosts file may hold besides what belongs into it. With a line for every peer, struck ones and the
// user's own there is room enough; it bounds the time and the memory that a container's file can cost an operation.
func Spare() etchosts.Bounds {
	return etchosts.Bounds{Bytes: 4 << 20, Lines: 1 << 14, Names: 512 << 10}
}

// Sizes says how much room each network takes in a hosts file.
type Sizes struct {
	local  map[string]extent
	remote func(network string) (container, world extent) // what other hosts have there
}

// extent is how much room text takes.
type extent struct {
	bytes int64
	lines int
}

func (x extent) and(text string) extent {
	return extent{x.bytes + int64(len(text)), x.lines + strings.Count(text, "\n")}
}

func (x extent) bounds() etchosts.Bounds {
	spare := Spare()
	return etchosts.Bounds{Bytes: spare.Bytes + Growth*x.bytes, Lines: spare.Lines + Growth*x.lines, Names: spare.Names}
}

// Sizes returns how much room the networks take, with attachments that are leaving them.
func (m Members) Sizes(leaving ...Placed) Sizes {
	out := Sizes{map[string]extent{}, onceEach(m.remoteExtents)}
	add := func(p Placed) {
		network := p.Attachment.Network
		out.local[network] = out.local[network].and(lines(p.Attachment.Addresses, append(AllNames(p.Attachment), p.Attachment.World...)))
	}
	for _, list := range m.of {
		for i := range list {
			add(list[i].Placed)
		}
	}
	for _, p := range leaving {
		add(p)
	}
	return out
}

// onceEach returns what calls count for each network once: a thousand files have the same. Goroutines may call it at once.
func onceEach(count func(network string) (container, world extent)) func(network string) (container, world extent) {
	var mu sync.Mutex
	known := map[string][2]extent{}
	return func(network string) (container, world extent) {
		mu.Lock()
		defer mu.Unlock()
		x, ok := known[network]
		if !ok {
			x[0], x[1] = count(network)
			known[network] = x
		}
		return x[0], x[1]
	}
}

// Bounds returns what the viewer's file may hold.
func (v *Viewer) Bounds(sizes Sizes) etchosts.Bounds {
	if v.Container == nil {
		_, remote := sizes.remote(v.Network)
		return sizes.local[v.Network].add(remote).bounds()
	}
	var x extent
	c := *v.Container
	c.UserNames = nil // takes nothing away
	for _, text := range own(&c) {
		x = x.and(text)
	}
	for _, network := range v.Networks() {
		remote, _ := sizes.remote(network)
		x = x.add(sizes.local[network]).add(remote)
	}
	return x.bounds()
}

// BoundsOf returns what the hosts file of a container of the index may hold, or that of a network where the container is "".
func BoundsOf(ix *hostsstore.Index, remote Remote, id, network string) etchosts.Bounds {
	return (&Viewer{Container: ix.Containers[id], Network: network}).Bounds(MembersOf(ix, remote).Sizes())
}
