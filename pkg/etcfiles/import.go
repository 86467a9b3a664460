package etcfiles

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/etcfiles/etcfiles/pkg/hostsstore"
	"github.com/etcfiles/etcfiles/pkg/remote"
	"github.com/etcfiles/etcfiles/pkg/request"
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
	for p := (pace{}); ; {
		last := false
		err := m.update(ctx, namespace, func(t *tx) error {
			p.begin(t, network)
			last = t.importSome(network, wanted, p.lines)
			return nil
		})
		if err != nil || last {
			return err
		}
		if err := p.rest(ctx); err != nil {
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

// How long a slice of an import is to hold the lock, and what it leaves to others.
const (
	sliceAim   = 25 * time.Millisecond
	sliceLimit = 50 * time.Millisecond
	sliceRest  = 2 * time.Millisecond // whoever waits for the lock has it then
	lineCost   = 5 * time.Microsecond // of a line in a file, before anything is measured
)

// pace says how many lines a slice of an import may change.
type pace struct {
	lines int
	guess int // before anything is measured
	start time.Time
	files int
}

// begin says how many lines the slice may change that begins now, under the lock.
func (p *pace) begin(t *tx, network string) {
	p.start, p.files = time.Now(), 1
	for _, c := range t.ix.Containers {
		if slices.ContainsFunc(c.Attachments, func(a hostsstore.Attachment) bool { return a.Network == network }) {
			p.files++
		}
	}
	p.guess = max(1, int(sliceAim/lineCost)/p.files)
	if p.lines == 0 {
		p.lines = p.guess
	}
}

// rest learns from the slice that has ended, and lets others have the lock. A slice also takes what does not depend on its lines, and
// smaller ones would not change that: it is never much smaller than the guess.
func (p *pace) rest(ctx context.Context) error {
	switch took := time.Since(p.start); {
	case took > sliceLimit*4/5:
		p.lines = max(1, p.guess/4, p.lines/2)
	case took < sliceAim/2:
		p.lines *= 2
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(sliceRest):
		return nil
	}
}
