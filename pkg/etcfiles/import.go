package etcfiles

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/etcfiles/etcfiles/pkg/hostsfiles"
	"github.com/etcfiles/etcfiles/pkg/hostsstore"
	"github.com/etcfiles/etcfiles/pkg/remote"
	"github.com/etcfiles/etcfiles/pkg/request"
	"github.com/etcfiles/etcfiles/pkg/roster"
)

// Import makes what the store has of other hosts on a network what hosts says; of hosts that are not given it keeps what it has. The
// network need have no container here. Each name goes into the files of running containers by live edits, and into the network's own
// file. It is done in slices of at most about 50 ms, each a whole operation: between them the lock is free, and the files hold
// what the text files say. Where a container's file would grow too large it waits up to 2 s for its readers. After an error some slices
// are done; the next Import goes on. The errors are request.ErrInvalid, ErrLocked, ErrNewer, that of the context, or one of the file
// system; or remote.Refusals, when all is done but what these say.
func (m *Manager) Import(ctx context.Context, namespace, network string, hosts map[string]remote.Host) error {
	if err := request.CheckElements(namespace, "none", network); err != nil {
		return errors.Join(request.ErrInvalid, err)
	}
	return m.importPrepared(ctx, namespace, &imported{network: network, wanted: remote.Prepare(hosts)})
}

func (m *Manager) importPrepared(ctx context.Context, namespace string, i *imported) error {
	for p := (remote.Pace{Pause: m.pause}); ; {
		var last bool
		var wait time.Duration
		err := m.update(ctx, namespace, scope{network: i.network}, func(t *tx) error {
			last, wait = t.importSome(i, &p)
			return nil
		})
		if err != nil {
			return err
		}
		if last {
			return i.wanted.Refused()
		}
		if err := p.Rest(ctx, wait); err != nil {
			return err
		}
	}
}

// imported is what a slice of an import changes.
type imported struct {
	network string
	wanted  *remote.Wanted
	was, is []hostsstore.RemoteHost
	changed []string // hosts
	gather  bool     // it changes nothing, but makes room
	// gathered says that the slice before did.
	gathered bool
}

// before returns what other hosts had on the networks where that changes.
func (i *imported) before() map[string][]hostsstore.RemoteHost {
	if i == nil {
		return nil
	}
	return map[string][]hostsstore.RemoteHost{i.network: i.was}
}

// importSome notes the next slice of an import, and reports whether it is the last one, or for how long it has to wait.
func (t *tx) importSome(i *imported, p *remote.Pace) (last bool, wait time.Duration) {
	change := t.importInto(i.network)
	i.was = change.Was
	i.is, i.changed, last = remote.Step(i.was, i.wanted, p.Begin(t.since, 1+len(change.Containers)))
	if len(i.changed) == 0 {
		return last, 0
	}
	change.Is = i.is
	i.gather, wait = change.Crowded()
	switch {
	case i.gather && !i.gathered:
		i.gathered, i.is, i.changed = true, i.was, nil
		t.imported = i
		return false, wait
	case wait > 0 && !i.gather:
		return false, wait
	}
	i.gather, i.gathered = false, false
	if slices.ContainsFunc(i.was, func(h hostsstore.RemoteHost) bool { return h.Faulty > 0 }) { // nobody knows what the hosts files have of it
		t.suspect = append(t.suspect, i.network)
	}
	t.imported = i
	return last, 0
}

// writeRemotes writes the text files that an import changes.
func (t *tx) writeRemotes() {
	if i := t.imported; i != nil {
		i.is = i.wanted.Write(i.was, i.is, i.changed, func(h *hostsstore.RemoteHost) error { return t.ns.WriteRemote(t.bootID, i.network, h) })
		t.remotes.Replace(i.network, i.is)
	}
}

// importInto returns an import into the network that changes nothing yet.
func (t *tx) importInto(network string) *hostsfiles.Import {
	m := &hostsfiles.Import{Namespace: t.ns, Marker: t.m.Marker, Was: t.remotes.Of(network), Now: t.m.sinceBoot()}
	for _, c := range t.ix.Containers {
		if roster.OnNetwork(c, network) {
			m.Containers = append(m.Containers, c)
		}
	}
	return m
}
