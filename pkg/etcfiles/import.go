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
// what the text files say. After an error some slices
// are done; the next Import goes on. The errors are request.ErrInvalid, ErrLocked, ErrNewer, that of the context, or one of the file
// system; or remote.Refusals, when all is done but what these say.
func (m *Manager) Import(ctx context.Context, namespace, network string, hosts map[string]remote.Host) error {
	if err := request.CheckElements(namespace, "none", network); err != nil {
		return errors.Join(request.ErrInvalid, err)
	}
	i := &imported{network: network, wanted: remote.Prepare(hosts)}
	for p := (remote.Pace{}); ; {
		var last bool
		err := m.update(ctx, namespace, func(t *tx) error {
			last = t.importSome(i, p.Begin(t.filesOn(network)))
			return nil
		})
		if err != nil {
			return err
		}
		if last {
			return i.wanted.Refused()
		}
		if err := p.Rest(ctx); err != nil {
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
}

// before returns what other hosts had on the networks where that changes.
func (i *imported) before() map[string][]hostsstore.RemoteHost {
	if i == nil {
		return nil
	}
	return map[string][]hostsstore.RemoteHost{i.network: i.was}
}

// importSome notes the next slice of an import, and reports whether it is the last one.
func (t *tx) importSome(i *imported, lines int) (last bool) {
	i.was = t.remotes.Of(i.network)
	i.is, i.changed, last = remote.Step(i.was, i.wanted, lines)
	if len(i.changed) == 0 {
		return last
	}
	if slices.ContainsFunc(i.was, func(h hostsstore.RemoteHost) bool { return h.Faulty > 0 }) { // nobody knows what the hosts files have of it
		t.suspect = append(t.suspect, i.network)
	}
	t.imported = i
	return last
}

// writeRemotes writes the text files that an import changes.
func (t *tx) writeRemotes() {
	if i := t.imported; i != nil {
		i.is = i.wanted.Write(i.was, i.is, i.changed, func(h *hostsstore.RemoteHost) error { return t.ns.WriteRemote(t.bootID, i.network, h) })
		t.remotes.Replace(i.network, i.is)
	}
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
