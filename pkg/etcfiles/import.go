package etcfiles

import (
	"context"
	"errors"
	"slices"

	"github.com/etcfiles/etcfiles/pkg/hostsstore"
	"github.com/etcfiles/etcfiles/pkg/remote"
	"github.com/etcfiles/etcfiles/pkg/request"
	"github.com/etcfiles/etcfiles/pkg/roster"
)

// Import makes what the store has of other hosts on a network what hosts says; of hosts that are not given it keeps what it has. The
// network need have no container here. Each name goes into the files of running containers by live edits, and into the network's own
// file. It is done in slices of at most about 50 ms, each a whole operation: between them the lock is free, and the files hold
// what the text files say. After an error some slices are done; the next Import goes on. The errors are request.ErrInvalid, ErrLocked,
// ErrNewer, that of the context, or one of the file system.
func (m *Manager) Import(ctx context.Context, namespace, network string, hosts map[string]remote.Host) error {
	if err := errors.Join(request.CheckElements(namespace, "none", network), remote.Check(hosts)); err != nil {
		return errors.Join(request.ErrInvalid, err)
	}
	wanted := remote.Prepare(hosts)
	for p := (remote.Pace{}); ; {
		last := false
		err := m.update(ctx, namespace, func(t *tx) error {
			last = t.importSome(network, wanted, p.Begin(t.filesOn(network)))
			return nil
		})
		if err != nil || last {
			return err
		}
		if err := p.Rest(ctx); err != nil {
			return err
		}
	}
}

// imported is what a slice of an import changes.
type imported struct {
	network string
	was     []hostsstore.RemoteHost
	is      []hostsstore.RemoteHost
	changed []string // hosts
}

// before returns what other hosts had on the networks where that changes.
func (i *imported) before() map[string][]hostsstore.RemoteHost {
	if i == nil {
		return nil
	}
	return map[string][]hostsstore.RemoteHost{i.network: i.was}
}

// importSome notes the next slice of an import, and reports whether it is the last one.
func (t *tx) importSome(network string, wanted *remote.Wanted, lines int) bool {
	was := t.remotes.Of(network)
	is, changed, last := remote.Step(was, wanted, lines)
	if len(changed) == 0 {
		return last
	}
	for i := range was {
		if was[i].Faulty > 0 { // nobody knows what the hosts files have of it
			t.suspect = append(t.suspect, network)
			break
		}
	}
	t.imported = &imported{network, was, is, changed}
	t.remotes.Replace(network, is)
	return last
}

// writeRemotes writes the text files that an import changes.
func (t *tx) writeRemotes() error {
	if t.imported == nil {
		return nil
	}
	for _, host := range t.imported.changed {
		i := slices.IndexFunc(t.imported.is, func(h hostsstore.RemoteHost) bool { return h.Host == host })
		if err := t.ns.WriteRemote(t.bootID, t.imported.network, &t.imported.is[i]); err != nil {
			return err
		}
	}
	return nil
}

// filesOn returns how many hosts files an import into the network may change.
func (t *tx) filesOn(network string) int {
	n := 1
	for _, c := range t.ix.Containers {
		if roster.OnNetwork(c, network) {
			n++
		}
	}
	return n
}
