// Package agent is what etcfiles-etcd does while it runs: it publishes this host's containers to etcd, and takes the names of other hosts' over
// into the local store.
//
// Both halves compare states and keep no history: what is published is brought to what the store has, what is imported to what etcd has, as
// pkg/cluster decides. Whenever something may have been missed, the whole is read again. When etcd is away, nothing happens: names stay.
package agent

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/etcfiles/etcfiles/pkg/cluster"
	"github.com/etcfiles/etcfiles/plugins/etcd/etcfiles-etcd/config"
)

// Local is an attachment of a container of this host.
type Local struct {
	cluster.Attached
	Private bool // it is not published
}

// LeftOut is the error of an Import that has left out what the store does not take, and brought in the rest.
type LeftOut struct {
	Why   map[string]error // by host
	Stays []string         // hosts of which nothing is brought in: the store has what it had
}

func (l *LeftOut) Error() string {
	var list []string
	for _, host := range slices.Sorted(maps.Keys(l.Why)) {
		list = append(list, l.Why[host].Error())
	}
	return strings.Join(list, "; ")
}

// Store is the local store.
type Store interface {
	// Import brings the names of hosts into the files of a network, those of each host as a whole; without an entry the host has gone. The
	// revision is that at which etcd had them. The error is *LeftOut when the rest is in.
	Import(ctx context.Context, n cluster.Network, revision int64, hosts map[string][]cluster.Entry) error
	// Hosts returns the hosts that a network of this boot has names of.
	Hosts(n cluster.Network) ([]string, error)
	// Attachments reports all attachments of a namespace at once, and again when they have changed.
	Attachments(ctx context.Context, namespace string, report func([]Local)) error
}

// Agent shares the names of one host. All fields are to be set.
type Agent struct {
	Config   *config.Config
	Store    Store
	Client   *Client
	Identity cluster.Record // Machine, Boot and Program; Instance is of Dir, Ranges are each network's
	Dir      Dir
	Logf     func(format string, args ...any)

	contact   *contact
	publisher *publisher
	importers []*importer
	report    *reporter

	mu    sync.Mutex
	local map[string][]Local // by namespace; none for one that has not been looked at
}

// Run shares names until the context is done, which is no error: then everything stays as it is, and who runs next goes on. Any other end is an
// error that only somebody can mend.
func (a *Agent) Run(ctx context.Context) error {
	unlock, err := a.Dir.Lock(ctx)
	if errors.Is(err, context.Canceled) {
		return nil
	} else if err != nil {
		return err
	}
	defer unlock()
	kept, err := a.Dir.load()
	if err != nil {
		a.Logf("%v: what it said is found out anew", err)
	}
	before, err := a.Dir.ReadStatus()
	if err != nil {
		a.Logf("%v: what it said is found out anew", err)
	}
	if a.Identity.Instance = kept.Instance; a.Identity.Instance == "" {
		a.Identity.Instance = rand.Text()
	}
	if kept.Host != "" && kept.Host != a.Config.Host {
		kept.Leases = nil // others believe who was first with the addresses, for as long as its lease lives
		a.Logf("this was host %s before: other hosts take the names of %s over when the lease of %[1]s has expired", kept.Host, a.Config.Host)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	a.local = map[string][]Local{}
	a.report = newReporter(a, before)
	a.contact = newContact(a, before)
	a.publisher = newPublisher(a, kept)
	for _, n := range a.Config.Networks {
		a.importers = append(a.importers, newImporter(a, n))
	}
	if err := a.forget(ctx, kept); err != nil {
		return err
	}
	if err := a.publisher.keep(); err != nil { // a lease that is taken over may not be followed by another one
		return err
	}
	var wg sync.WaitGroup
	wg.Go(func() { a.report.run(ctx) })
	wg.Go(func() { a.contact.run(ctx) })
	wg.Go(func() { a.contact.follow(ctx) })
	var refused error
	wg.Go(func() {
		if refused = a.publisher.run(ctx); refused != nil {
			cancel()
		}
	})
	for _, i := range a.importers {
		wg.Go(func() { i.run(ctx) })
	}
	for _, namespace := range a.namespaces() {
		wg.Go(func() { a.watch(ctx, namespace) })
	}
	wg.Wait()
	return refused
}

// forget takes the names out of networks that an earlier configuration had.
func (a *Agent) forget(ctx context.Context, kept kept) error {
	for _, n := range kept.Networks {
		if a.network(n) != nil {
			continue
		}
		if err := Forget(ctx, a.Store, n); err != nil {
			return err
		}
		a.publisher.former = append(a.publisher.former, n)
		a.Logf("%v is not in the configuration any more: the names of other hosts are out of its files", n)
	}
	return nil
}

// Forget takes the names of all other hosts out of a network.
func Forget(ctx context.Context, s Store, n cluster.Network) error {
	hosts, err := s.Hosts(n)
	if err != nil || len(hosts) == 0 {
		return err
	}
	gone := map[string][]cluster.Entry{}
	for _, host := range hosts {
		gone[host] = nil
	}
	return s.Import(ctx, n, 0, gone)
}

// network returns the configuration of a network, nil if it has none.
func (a *Agent) network(n cluster.Network) *config.Network {
	for i := range a.Config.Networks {
		if a.Config.Networks[i].Network == n {
			return &a.Config.Networks[i]
		}
	}
	return nil
}

func (a *Agent) namespaces() []string {
	var out []string
	seen := map[string]bool{}
	for _, n := range a.Config.Networks {
		if !seen[n.Namespace] {
			seen[n.Namespace] = true
			out = append(out, n.Namespace)
		}
	}
	return out
}

// watch follows the attachments of a namespace.
func (a *Agent) watch(ctx context.Context, namespace string) {
	subject := "namespace " + namespace
	for ctx.Err() == nil {
		err := a.Store.Attachments(ctx, namespace, func(list []Local) {
			a.report.fault(subject, nil)
			a.mu.Lock()
			a.local[namespace] = list
			a.mu.Unlock()
			a.publisher.changed.send()
			for _, i := range a.importers {
				if i.Namespace == namespace {
					i.rules.send()
				}
			}
		})
		if ctx.Err() == nil {
			a.report.fault(subject, fmt.Errorf("the store: %w", err))
			sleep(ctx, time.Second)
		}
	}
}

// attachments returns those of a namespace, and whether it has been looked at.
func (a *Agent) attachments(namespace string) ([]Local, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	list, ok := a.local[namespace]
	return list, ok
}

// addresses returns those of this host's containers on a network, and which of them are published.
func (a *Agent) addresses(n cluster.Network) (all map[netip.Addr]bool, published []netip.Addr) {
	all = map[netip.Addr]bool{}
	list, _ := a.attachments(n.Namespace)
	for _, l := range list {
		if l.Network != n {
			continue
		}
		for _, addr := range l.Addresses {
			all[addr] = true
		}
		if !l.Private {
			published = append(published, l.Addresses...)
		}
	}
	return all, published
}

// again has every importer read everything again.
func (a *Agent) again() {
	for _, i := range a.importers {
		i.again.send()
	}
}

// signal wakes one who waits; several are one.
type signal chan struct{}

func newSignal() signal { return make(signal, 1) }

func (s signal) send() {
	select {
	case s <- struct{}{}:
	default:
	}
}
