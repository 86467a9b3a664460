package inspect

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/etcfiles/etcfiles/pkg/hostsstore"
	"github.com/etcfiles/etcfiles/pkg/roster"
)

// Change is a name that comes or goes.
type Change struct {
	Came      bool
	Namespace string
	Network   string
	Name      string
	Address   netip.Addr
	Host      string // that the container is on, "" for this one
	ID        string // of the container; "" for one on another host of which only names are known
}

// settle is how long an index may be absent, since an operation runs, before the records are read in its place.
const settle = time.Second

// Watch reports every name that comes to or goes from a network of a namespace, or of all for "", after each operation: what
// goes first. What is there when it begins is not reported. Names that come and go between two looks leave no trace, so
// the sum of the reports is always what is there. It ends with nil when the context is done, or with the error of report.
func (m *Inspector) Watch(ctx context.Context, namespace string, report func(Change) error) error {
	w := &watcher{Inspector: m, only: namespace, known: map[string]*watched{}}
	return m.Dir.Watch(ctx, func() (time.Duration, error) {
		changes, again, err := w.look()
		for _, c := range changes {
			err = errors.Join(err, report(*c))
			if err != nil {
				break
			}
		}
		return again, err
	})
}

type watcher struct {
	*Inspector
	only  string
	known map[string]*watched
	begun bool
}

// watched is what is known of a namespace.
type watched struct {
	sight
	names map[Change]struct{}
}

// look returns what has changed since the last look, and after which time to look again.
func (w *watcher) look() ([]*Change, time.Duration, error) {
	namespaces, err := w.namespaces()
	if err != nil {
		return nil, 0, err
	}
	var changes []*Change
	var again time.Duration
	for _, name := range namespaces {
		known := w.known[name]
		if known == nil {
			known = &watched{}
			w.known[name] = known
		}
		containers, changed, wait, err := w.sight(name, &known.sight, w.begun)
		if err != nil {
			return nil, 0, err
		}
		if wait > 0 && (again == 0 || wait < again) {
			again = wait
		}
		if !changed {
			continue
		}
		now := namesIn(name, containers)
		w.remoteNamesIn(name, now)
		if w.begun {
			changes = append(changes, differences(known.names, now)...)
		}
		known.names = now
	}
	w.begun = true
	return changes, again, nil
}

// namespaces lists those that are there or were.
func (w *watcher) namespaces() ([]string, error) {
	if w.only != "" {
		return []string{w.only}, nil
	}
	list, err := w.Dir.AllNamespaces()
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	list = slices.AppendSeq(list, maps.Keys(w.known))
	slices.Sort(list)
	return slices.Compact(list), nil
}

// sight is what is known of a namespace that is looked at again and again.
type sight struct {
	index  hostsstore.FileID // that containers were read from
	absent time.Time         // since when the index is, zero if it is not
}

// sight returns the living containers of a namespace, and false if they are as before or, once the watch has begun, cannot be told before
// some time has gone by.
func (m *Inspector) sight(name string, s *sight, begun bool) (containers []*hostsstore.Container, changed bool, again time.Duration, err error) {
	n := m.Dir.Namespace(name)
	stat, err := n.StatIndex()
	if err == nil && stat == s.index {
		s.absent = time.Time{}
		return nil, false, 0, nil
	}
	if err == nil {
		if ix, err := n.LoadIndex(thisBoot()); err == nil {
			*s = sight{index: stat}
			return slices.Collect(maps.Values(ix.Containers)), true, 0, nil
		}
	}
	// The last container has gone, or an operation runs. One that was killed leaves no index either.
	if n.HasCaches() && begun {
		if s.absent.IsZero() {
			s.absent = time.Now()
		}
		if left := settle - time.Since(s.absent); left > 0 {
			return nil, false, left, nil
		}
	}
	s.index = hostsstore.FileID{}
	list, err := m.inspect(n)
	if err != nil {
		return nil, false, 0, err
	}
	for _, i := range list {
		if !i.dead() {
			containers = append(containers, i.container)
		}
	}
	return containers, true, 0, nil
}

func namesIn(namespace string, containers []*hostsstore.Container) map[Change]struct{} {
	out := map[Change]struct{}{}
	for _, c := range containers {
		for _, a := range c.Attachments {
			for _, name := range roster.Unique(slices.Concat(a.Names, a.Qualified, a.World)) {
				for _, addr := range a.Addresses {
					out[Change{Came: true, Namespace: namespace, Network: a.Network, Name: name, Address: addr, ID: c.ID}] = struct{}{}
				}
			}
		}
	}
	return out
}

// remoteNamesIn adds the names that other hosts have on the networks of a namespace.
func (m *Inspector) remoteNamesIn(namespace string, out map[Change]struct{}) {
	remotes := m.Dir.Namespace(namespace).Remotes(thisBoot(), nil)
	for _, network := range remotes.Networks() {
		for _, h := range remotes.Of(network) {
			for _, l := range h.Lines {
				for name := range l.Names {
					out[Change{
						Came: true, Namespace: namespace, Network: network, Name: name, Address: l.Address, Host: h.Host, ID: l.Peer.ID,
					}] = struct{}{}
				}
			}
		}
	}
}

// differences lists what goes, then what comes, each by network and name.
func differences(before, after map[Change]struct{}) []*Change {
	var out []*Change
	for c := range before {
		if _, ok := after[c]; !ok {
			c.Came = false
			out = append(out, &c)
		}
	}
	for c := range after {
		if _, ok := before[c]; !ok {
			out = append(out, &c)
		}
	}
	slices.SortStableFunc(out, func(a, b *Change) int {
		if a.Came != b.Came {
			if b.Came {
				return -1
			}
			return 1
		}
		return cmp.Or(strings.Compare(a.Network, b.Network), strings.Compare(a.Name, b.Name), a.Address.Compare(b.Address), strings.Compare(a.Host, b.Host), strings.Compare(a.ID, b.ID))
	})
	return out
}
