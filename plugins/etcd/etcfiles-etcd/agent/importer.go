package agent

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"sync"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/etcfiles/etcfiles/pkg/cluster"
	"github.com/etcfiles/etcfiles/plugins/etcd/etcfiles-etcd/config"
)

// importer brings what etcd has of one network into the local store.
type importer struct {
	*Agent
	config.Network
	again signal // everything is to be read again
	rules signal // something of this host's own has changed

	state    *cluster.State
	revision int64                      // of the state
	held     map[string][]cluster.Entry // what the store has by us; nil for a host of which it is not known
	begun    bool                       // held is complete
	left     LeftOut                    // what the store does not take of what is held
	void     bool                       // nothing is held, since etcd has been away for too long

	mu  sync.Mutex
	own map[string]string // keys and values of this host; nil while they are not followed
}

func newImporter(a *Agent, n config.Network) *importer {
	return &importer{Agent: a, Network: n, again: newSignal(), rules: newSignal(), held: map[string][]cluster.Entry{}, left: LeftOut{Why: map[string]error{}}}
}

// errAgain ends a watch without a fault.
var errAgain = errors.New("everything is to be read again")

func (i *importer) run(ctx context.Context) {
	var wait pause
	for ctx.Err() == nil {
		err := i.once(ctx, wait.well)
		if ctx.Err() != nil {
			return
		}
		if !errors.Is(err, errAgain) {
			i.report.fault("network "+i.String(), err)
		}
		sleep(ctx, wait.next())
		i.expire(ctx)
	}
}

// once lists the network and follows it until something breaks. It calls well when it has begun to follow.
func (i *importer) once(ctx context.Context, well func()) error {
	select {
	case <-i.again: // that is what is done now
	default:
	}
	defer func() {
		i.mu.Lock()
		i.own = nil
		i.mu.Unlock()
	}()
	revision, err := i.list(ctx)
	if err != nil {
		return err
	}
	if err := i.take(ctx); err != nil {
		return err
	}
	i.report.fault("network "+i.String(), nil)
	well()
	ctx, cancel := context.WithCancel(clientv3.WithRequireLeader(ctx))
	defer cancel()
	events := i.Client.Watch(ctx, i.Prefix(), clientv3.WithPrefix(), clientv3.WithRev(revision+1))
	var due <-chan time.Time // nil while there is nothing to do
	last := time.Now()
	if left := i.contact.unsettled(); left > 0 {
		due = time.After(left) // what was kept is not kept for ever
	}
	var hold <-chan time.Time
	if i.Config.Hold > 0 {
		ticker := time.NewTicker(max(i.Config.Hold/4, 100*time.Millisecond))
		defer ticker.Stop()
		hold = ticker.C
	}
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-i.again:
			return errAgain
		case <-hold:
			i.expire(ctx)
		case <-i.rules:
			if due == nil || i.contact.unsettled() > 0 {
				due = time.After(gathered(last))
			}
		case r, ok := <-events:
			if !ok {
				return errors.New("etcd: the watch has ended")
			}
			if err := r.Err(); err != nil {
				return i.Client.explain(err)
			}
			i.contact.heard(r.Header, state{i.contact.reached().cluster, i.revision})
			i.apply(r.Events)
			i.revision = r.Header.Revision
			if due == nil || i.contact.unsettled() > 0 {
				due = time.After(gathered(last))
			}
		case <-due:
			due = nil
			if left := i.contact.unsettled(); left > 0 {
				due = time.After(left)
			}
			if i.state.Short() {
				return errAgain
			}
			if err := i.take(ctx); err != nil {
				return err
			}
			last = time.Now()
		}
	}
}

// list reads all keys of the network, and returns the revision at which that was.
func (i *importer) list(ctx context.Context) (int64, error) {
	state, own := cluster.NewState(i.Network.Network, i.AllowQualified), map[string]string{}
	revision, err := list(ctx, i.Client, i.contact.sure, i.Prefix(), func(key string, value []byte, created, modified, _ int64) {
		state.Put(key, value, created, modified)
		i.noteOwn(own, key, value)
	})
	if err != nil {
		return 0, err
	}
	i.state, i.revision = state, revision
	i.mu.Lock()
	i.own = own
	i.mu.Unlock()
	i.publisher.verify.send()
	return revision, nil
}

// apply notes events of the watch.
func (i *importer) apply(events []*clientv3.Event) {
	i.mu.Lock()
	defer i.mu.Unlock()
	before := len(i.own)
	touched := false
	for _, e := range events {
		key := string(e.Kv.Key)
		if e.Type == clientv3.EventTypeDelete {
			i.state.Delete(key)
			delete(i.own, key)
		} else {
			i.state.Put(key, e.Kv.Value, e.Kv.CreateRevision, e.Kv.ModRevision)
			touched = i.noteOwn(i.own, key, e.Kv.Value) || touched
		}
	}
	if touched || len(i.own) != before {
		i.publisher.verify.send()
	}
}

// noteOwn notes a key of this host, and reports whether it is one.
func (i *importer) noteOwn(own map[string]string, key string, value []byte) bool {
	prefix := i.HostPrefix(i.Config.Host)
	if len(key) < len(prefix) || key[:len(prefix)] != prefix {
		return false
	}
	own[key] = string(value)
	return true
}

// seen returns what etcd has of this host, nil if that is not followed.
func (i *importer) seen() map[string]string {
	i.mu.Lock()
	defer i.mu.Unlock()
	return maps.Clone(i.own)
}

// take decides what of etcd's is believed, and brings that into the store: of every host whose names have changed.
func (i *importer) take(ctx context.Context) error {
	if _, known := i.attachments(i.Namespace); !known {
		return nil // this host's own addresses come first; then there is a signal
	}
	addresses, published := i.addresses(i.Network.Network)
	rules := cluster.Rules{
		Self: i.Config.Host, Own: i.Ranges, Addresses: addresses, Published: published, Within: i.Within, Shared: i.Shared, MaxNames: i.MaxNames,
	}
	if i.Files == config.FilesNetwork {
		rules.MaxNames = 0
	}
	d := i.state.Decide(rules)
	if err := i.find(); err != nil {
		return err
	}
	i.report.network(i.Network, d)
	i.void = false
	if i.contact.unsettled() > 0 {
		i.keep(d.Imports, rules.Addresses)
	}
	return i.bring(ctx, d.Imports)
}

// find notes which hosts the store has names of: whoever ran before may have left some of hosts that have gone since.
func (i *importer) find() error {
	if i.begun {
		return nil
	}
	hosts, err := i.Store.Hosts(i.Network.Network)
	if err != nil {
		return fmt.Errorf("the store: %w", err)
	}
	for _, host := range hosts {
		if _, ok := i.held[host]; !ok {
			i.held[host] = nil
		}
	}
	return nil
}

// keep adds to what is wanted what is held and not in etcd: after etcd has lost its state this says nothing about a host until it must have published
// again. An address that is another's now is not kept.
func (i *importer) keep(wanted map[string][]cluster.Entry, own map[netip.Addr]bool) {
	type attachment struct{ host, id, ifName string }
	taken, there := maps.Clone(own), map[attachment]bool{}
	for host, entries := range wanted {
		for _, e := range entries {
			there[attachment{host, e.ID, e.IfName}] = true
			for _, addr := range e.Addresses {
				taken[addr] = true
			}
		}
	}
	for host, entries := range i.held {
		if entries == nil && wanted[host] == nil {
			wanted[host] = nil // what it has is not known, and stays
		}
		for _, e := range entries {
			e.Addresses = slices.DeleteFunc(slices.Clone(e.Addresses), func(a netip.Addr) bool { return taken[a] })
			if !there[attachment{host, e.ID, e.IfName}] && len(e.Addresses) > 0 {
				wanted[host] = append(wanted[host], e)
			}
		}
	}
}

// bring brings the store to the names of hosts.
func (i *importer) bring(ctx context.Context, wanted map[string][]cluster.Entry) error {
	changed := map[string][]cluster.Entry{}
	for host, entries := range wanted {
		if held, ok := i.held[host]; ok && held == nil && entries == nil {
			continue
		}
		if !i.begun || !slices.EqualFunc(i.held[host], entries, cluster.Entry.Equal) {
			changed[host] = entries
		}
	}
	for host := range i.held {
		if _, ok := wanted[host]; !ok {
			changed[host] = nil
		}
	}
	if len(changed) == 0 {
		i.begun = true
		return nil
	}
	err := i.Store.Import(ctx, i.Network.Network, i.revision, changed)
	var left *LeftOut
	if err != nil && !errors.As(err, &left) {
		for host := range changed { // some may have come in
			i.held[host] = nil
		}
		return fmt.Errorf("the store: %w", err)
	}
	i.begun = true
	for host, entries := range changed {
		if entries == nil {
			delete(i.held, host)
			continue
		}
		i.held[host] = entries
	}
	return i.leave(changed, left)
}

// leave notes what an import of hosts has left out, nil for nothing. It is an error if the import is to be tried again.
func (i *importer) leave(changed map[string][]cluster.Entry, left *LeftOut) error {
	for host := range changed {
		delete(i.left.Why, host)
	}
	if left != nil {
		maps.Copy(i.left.Why, left.Why)
		for _, host := range left.Stays { // that is the error
			delete(i.left.Why, host)
		}
	}
	subject := "the store: network " + i.String()
	if len(i.left.Why) == 0 {
		i.report.fault(subject, nil)
	} else {
		i.report.fault(subject, &i.left)
	}
	if left == nil || len(left.Stays) == 0 {
		return nil
	}
	for _, host := range left.Stays {
		i.held[host] = nil
	}
	return fmt.Errorf("the store: %w", left)
}

// expire takes all names out when etcd has been away for longer than the configuration has them held.
func (i *importer) expire(ctx context.Context) {
	word, _ := i.contact.lastWord()
	if i.Config.Hold == 0 || i.void || word == 0 || sinceBoot()-word < i.Config.Hold {
		return
	}
	i.Logf("%v: no word from etcd for %v: the names of other hosts are out of its files", i.Network.Network, i.Config.Hold)
	err := i.find()
	if err == nil {
		err = i.bring(ctx, nil)
	}
	if err != nil {
		i.report.fault("network "+i.String(), err)
		return
	}
	i.void = true
	i.report.network(i.Network, cluster.Decision{})
	i.again.send() // when it comes back, everything is wanted
}
