package hostsfiles

import (
	"errors"
	"slices"
	"strings"
	"sync"

	"github.com/etcfiles/etcfiles/pkg/etchosts"
	"github.com/etcfiles/etcfiles/pkg/hostsstore"
	"github.com/etcfiles/etcfiles/pkg/roster"
)

// views are the views of an edit: what is found out once for all who see the same networks.
type views struct {
	mu    sync.Mutex
	known map[string]*view
}

// view is what those have in common who see the same networks.
type view struct {
	mu       sync.Mutex
	meeting  map[*change]bool
	exchange *exchange
}

// exchange is what of the lines of other hosts changes in their files.
type exchange struct {
	come []arrival
	went []*hostsstore.RemoteLine
	// disorder says that a line comes which has to stand before one that stands already, or that one comes or goes which another network of
	// the viewer has too.
	disorder bool
}

// arrival are the lines of one peer that come.
type arrival struct {
	lines []*hostsstore.RemoteLine
	last  bool // another line has one of their names too, or had until now: they are to stand behind it
}

func (e *Edit) view(v *roster.Viewer) *view {
	key := strings.Join(v.Networks(), "/") // which no network's name has
	if v.Container == nil {
		key += "/"
	}
	e.views.mu.Lock()
	defer e.views.mu.Unlock()
	if e.views.known == nil {
		e.views.known = map[string]*view{}
	}
	w := e.views.known[key]
	if w == nil {
		w = &view{meeting: map[*change]bool{}}
		e.views.known[key] = w
	}
	return w
}

// meetsRemote reports whether somebody comes who has to stand before a line of another host that is in the file.
func (e *Edit) meetsRemote(f *file) bool {
	for i := range e.arrives {
		c := &e.arrives[i]
		if c.Container == f.view.Container || !f.view.Sees(c.Attachment.Network) {
			continue
		}
		w := e.view(f.view)
		w.mu.Lock()
		meets, known := w.meeting[c]
		if !known {
			meets = e.members.MeetsRemote(f.view, c.Attachment)
			w.meeting[c] = meets
		}
		w.mu.Unlock()
		if meets {
			return true
		}
	}
	return false
}

// exchange makes the changes of lines of other hosts.
func (e *Edit) exchange(f *file, open *etchosts.File) error {
	x := e.exchangeFor(f.view)
	switch {
	case x == nil:
		return nil
	case x.disorder:
		return e.again(f, open)
	}
	change, more := x.in(f.view)
	if len(change.In)+len(change.Last)+len(change.Out) == 0 {
		return nil
	}
	rooms, appended, err := open.Exchange(e.boundsNow(f), change)
	if errors.Is(err, etchosts.ErrChanged) {
		return e.again(f, open)
	}
	if err != nil {
		return err
	}
	f.belongs(more)
	f.tight = f.tight || appended
	f.state.Rooms = nil
	for _, r := range rooms {
		f.state.Rooms = append(f.state.Rooms, hostsstore.Room(r))
	}
	return nil
}

// exchangeFor returns what changes for a viewer and all who see the same networks; nil for nothing.
func (e *Edit) exchangeFor(v *roster.Viewer) *exchange {
	if !slices.ContainsFunc(v.Networks(), func(network string) bool { return e.remote[network] != nil }) {
		return nil
	}
	w := e.view(v)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.exchange == nil {
		w.exchange = e.newExchange(v)
	}
	return w.exchange
}

// use is how a name that comes is used otherwise.
type use struct {
	peer   *hostsstore.RemotePeer
	first  int // where the first line that comes with it stands in the order
	shared bool
}

func (e *Edit) newExchange(v *roster.Viewer) *exchange {
	x := &exchange{went: e.remoteWent(v), disorder: e.overlaps(v)}
	if x.disorder {
		return x
	}
	comes := map[lineKey]bool{}
	for _, network := range v.Networks() {
		if c := e.remote[network]; c != nil {
			for _, l := range c.came {
				comes[keyOf(l)] = true
			}
		}
	}
	if len(comes) == 0 {
		return x
	}
	all := e.members.RemoteOf(v)
	uses := map[string]*use{}
	var sieve etchosts.Sieve // has their names
	for i, l := range all {
		if !comes[keyOf(l)] {
			continue
		}
		for name := range l.Names {
			sieve.Add(name)
			name = strings.ToLower(name)
			switch u := uses[name]; {
			case u == nil:
				uses[name] = &use{peer: l.Peer, first: i}
			case u.peer != l.Peer:
				u.shared = true
			}
		}
		if n := len(x.come); n > 0 && x.come[n-1].lines[0].Peer == l.Peer {
			x.come[n-1].lines = append(x.come[n-1].lines, l)
		} else {
			x.come = append(x.come, arrival{lines: []*hostsstore.RemoteLine{l}})
		}
	}
	share := func(name string) *use {
		if !sieve.May(name) {
			return nil
		}
		u := uses[strings.ToLower(name)]
		if u != nil {
			u.shared = true
		}
		return u
	}
	for i, l := range all {
		if comes[keyOf(l)] {
			continue
		}
		for name := range l.Names {
			u := share(name)
			x.disorder = x.disorder || u != nil && u.first < i
		}
	}
	for _, l := range x.went {
		for name := range l.Names {
			share(name)
		}
	}
	e.members.EachName(v, e.Went, func(name string) { share(name) })
	for i := range x.come {
		a := &x.come[i]
		for _, l := range a.lines {
			for name := range l.Names {
				a.last = a.last || uses[strings.ToLower(name)].shared
			}
		}
	}
	return x
}

// overlaps reports whether a line that comes or goes on one network of a container is one of another of its networks, now or before.
func (e *Edit) overlaps(v *roster.Viewer) bool {
	networks := v.Networks()
	if len(networks) == 1 {
		return false
	}
	changes := map[string]string{} // text → network
	for _, network := range networks {
		c := e.remote[network]
		if c == nil {
			continue
		}
		for _, l := range slices.Concat(c.came, c.went) {
			if l.Peer.NetworkOnly {
				continue
			}
			if other, twice := changes[l.Text]; twice && other != network {
				return true
			}
			changes[l.Text] = network
		}
	}
	return slices.ContainsFunc(networks, func(network string) bool {
		return slices.ContainsFunc(e.members.Remote(network), func(l *hostsstore.RemoteLine) bool {
			of, changing := changes[l.Text]
			return changing && of != network && !l.Peer.NetworkOnly
		})
	})
}

// in returns the change of the file of one viewer, and by how many bytes more belongs into it then.
func (x *exchange) in(v *roster.Viewer) (change etchosts.Exchange, more int) {
	if len(x.come)+len(x.went) > manyLines {
		v.Prepare()
	}
	goes := map[string]bool{}
	for _, l := range x.went {
		if text := v.Remote(l); text != "" {
			goes[text] = true
			change.Out = append(change.Out, text)
		}
	}
	stays := map[string]bool{}
	for i := range x.come {
		var block strings.Builder
		for _, l := range x.come[i].lines {
			text := v.Remote(l)
			if goes[text] {
				stays[text] = true
				continue
			}
			block.WriteString(text)
		}
		if block.Len() == 0 {
			continue
		}
		more += block.Len()
		if x.come[i].last {
			change.Last = append(change.Last, block.String())
		} else {
			change.In = append(change.In, block.String())
		}
	}
	change.Out = slices.DeleteFunc(change.Out, func(line string) bool { return stays[line] })
	for _, line := range change.Out {
		more -= len(line)
	}
	return change, more
}

// manyLines is how many lines make it worth while to note first which names a viewer has itself.
const manyLines = 32
