package agent

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/etcfiles/etcfiles/pkg/cluster"
)

const (
	// opsPerTxn is less than what etcd takes by default, 128.
	opsPerTxn = 100
	// settled is the time after which a watch has shown what was written.
	settled = time.Second
)

// publisher brings what etcd has of this host to what the store has. It alone writes.
type publisher struct {
	*Agent
	changed signal // the store's state
	verify  signal // a watch has shown keys of this host
	doubt   signal // what etcd has is not known

	leases  []int64
	there   map[string]published      // what etcd has; nil if that is to be read
	records map[cluster.Network]int64 // revisions of this host's records; 0 for one that is to be looked at
	former  []cluster.Network         // networks of an earlier configuration, whose keys are to go
	earlier time.Time                 // since when a record of another boot is in the way
	renewal time.Time                 // when the leases are to be renewed
	wrote   bool                      // something was not as wanted
}

// published is a key of this host in etcd.
type published struct {
	value string
	lease int64
}

func newPublisher(a *Agent, kept kept) *publisher {
	return &publisher{
		Agent: a, changed: newSignal(), verify: newSignal(), doubt: newSignal(), leases: kept.Leases, records: map[cluster.Network]int64{},
	}
}

func (p *publisher) run(ctx context.Context) error {
	var wait pause
	due := time.Now() // when to compare
	var look, last time.Time
	var rival contest
	var calm time.Time // when to look whether a contest is over
	suspect := false   // somebody else has written keys of this host
	for {
		next := due
		for _, t := range []time.Time{p.renewal, look, calm} {
			if !t.IsZero() && (next.IsZero() || t.Before(next)) {
				next = t
			}
		}
		timer := time.NewTimer(time.Until(next))
		if next.IsZero() {
			timer.Stop()
		}
		select {
		case <-ctx.Done():
			return nil
		case <-p.changed:
			if due.IsZero() {
				due = time.Now().Add(gathered(last))
			}
		case <-p.doubt:
			p.forgetThere()
			due = time.Now()
		case <-p.verify:
			look = time.Now().Add(settled)
		case <-timer.C:
		}
		timer.Stop()
		now := time.Now()
		if !look.IsZero() && !look.After(now) {
			look = time.Time{}
			if due.IsZero() && p.tampered() {
				suspect = true
				p.forgetThere()
				due = now
			}
		}
		if !calm.IsZero() && !calm.After(now) {
			calm = p.contested(&rival, now)
		}
		if len(p.leases) > 0 && !p.renewal.After(now) {
			former := p.renewal.IsZero() // of one who ran before
			switch err := p.renew(ctx); {
			case lost(err):
				due = now
			case err == nil && former:
				p.Logf("the lease of before is taken over")
			}
		}
		if due.IsZero() || due.After(now) {
			continue
		}
		due = time.Time{}
		p.wrote = false
		err := p.sync(ctx)
		last = time.Now()
		if err == nil && suspect {
			if suspect = false; p.wrote {
				rival.note(last)
				calm = p.contested(&rival, last)
			}
		}
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, ErrIdentity):
			p.report.fault("publishing", err)
			return err
		case err != nil:
			if !errors.Is(err, errAgain) {
				p.report.fault("publishing", err)
			}
			p.forgetThere()
			if lost(err) {
				p.dropLeases()
			}
			due = time.Now().Add(wait.next())
		default:
			p.report.fault("publishing", nil)
			wait.well()
		}
	}
}

// contested says whether somebody contests what this host has published, and returns when to look again.
func (p *publisher) contested(rival *contest, now time.Time) time.Time {
	on, next := rival.on(now)
	if on {
		p.report.fault("keys", errContested)
	} else {
		p.report.fault("keys", nil)
	}
	return next
}

// forgetThere has everything that etcd has of this host read again.
func (p *publisher) forgetThere() {
	p.there = nil
	clear(p.records)
}

// tampered reports whether a watch has shown other keys of this host than it has written.
func (p *publisher) tampered() bool {
	if p.there == nil {
		return false
	}
	for _, i := range p.importers {
		seen := i.seen()
		if seen == nil {
			continue
		}
		prefix := i.HostPrefix(p.Config.Host)
		record := i.RecordKey(p.Config.Host)
		if text, _ := p.record(i.Network.Network); seen[record] != text {
			return true
		}
		delete(seen, record)
		count := 0
		for key, have := range p.there {
			if strings.HasPrefix(key, prefix) {
				count++
				if seen[key] != have.value {
					return true
				}
			}
		}
		if count != len(seen) {
			return true
		}
	}
	return false
}

// sync makes etcd have what is wanted.
func (p *publisher) sync(ctx context.Context) error {
	wanted, known := p.wanted()
	if !known {
		return nil // not all of the store has been looked at; then there is a signal
	}
	if len(p.leases) == 0 {
		if _, err := p.grant(ctx); err != nil {
			return err
		}
		p.again()
	}
	for _, n := range p.Config.Networks {
		if p.records[n.Network] == 0 {
			if err := p.claim(ctx, n.Network); err != nil {
				return err
			}
		}
	}
	if p.there == nil {
		if err := p.read(ctx); err != nil {
			return err
		}
	}
	for _, n := range p.Config.Networks {
		if err := p.write(ctx, n.Network, wanted); err != nil {
			return err
		}
	}
	p.report.published(len(wanted))
	return p.purge(ctx)
}

// wanted returns the keys of this host's attachments with their values, and whether the whole store is known.
func (p *publisher) wanted() (map[string]string, bool) {
	out := map[string]string{}
	var left []error
	for _, namespace := range p.namespaces() {
		list, known := p.attachments(namespace)
		if !known {
			return nil, false
		}
		for _, l := range list {
			n := p.network(l.Network)
			if l.Private || n == nil || len(l.Addresses) == 0 || len(l.Names) == 0 {
				continue
			}
			key, value, leftOut, err := cluster.Encode(p.Config.Host, l.Attached, n.AllowQualified)
			if err != nil {
				left = append(left, err)
				continue
			}
			for _, what := range leftOut {
				left = append(left, fmt.Errorf("container %s: %s", l.ID, what))
			}
			out[key] = value
		}
	}
	p.report.fault("left out", errors.Join(left[:min(len(left), 3)]...))
	return out, true
}

func (p *publisher) txn(ctx context.Context, condition clientv3.Cmp, then, otherwise []clientv3.Op) (r *clientv3.TxnResponse, err error) {
	err = p.contact.ask(ctx, func(ctx context.Context) (*etcdserverpb.ResponseHeader, error) {
		if r, err = p.Client.Txn(ctx).If(condition).Then(then...).Else(otherwise...).Commit(); err != nil {
			return nil, err
		}
		return r.Header, nil
	})
	return r, err
}

// read reads what etcd has of this host.
func (p *publisher) read(ctx context.Context) error {
	there := map[string]published{}
	for _, n := range p.Config.Networks {
		_, err := list(ctx, p.Client, p.contact.ask, n.HostPrefix(p.Config.Host), func(key string, value []byte, _, _, lease int64) {
			there[key] = published{string(value), lease}
		})
		if err != nil {
			return err
		}
		delete(there, n.RecordKey(p.Config.Host))
	}
	p.there = there
	return nil
}

// write writes the difference in one network, as long as the record there is this host's.
func (p *publisher) write(ctx context.Context, n cluster.Network, wanted map[string]string) error {
	prefix, record := n.HostPrefix(p.Config.Host), n.RecordKey(p.Config.Host)
	load := map[int64]int{}
	var ops []clientv3.Op
	after := map[string]published{} // what the operations make of keys; without a value they remove them
	for key, have := range p.there {
		if _, ok := wanted[key]; ok || !strings.HasPrefix(key, prefix) {
			load[have.lease]++
			continue
		}
		ops, after[key] = append(ops, clientv3.OpDelete(key)), published{}
	}
	flush := func(least int) error {
		for len(ops) > 0 && len(ops) >= least {
			batch := ops[:min(len(ops), opsPerTxn)]
			r, err := p.txn(ctx, clientv3.Compare(clientv3.ModRevision(record), "=", p.records[n]), batch, nil)
			if err != nil {
				return err
			}
			if !r.Succeeded {
				return errAgain // the record is not there, or not this host's: that is looked at first
			}
			p.wrote = true
			for _, op := range batch {
				key := string(op.KeyBytes())
				if to := after[key]; to.value != "" {
					p.there[key] = to
				} else {
					delete(p.there, key)
				}
			}
			ops = ops[len(batch):]
			if !p.renewal.After(time.Now()) { // so much is written that the lease needs it
				if err := p.renew(ctx); err != nil {
					return err
				}
			}
		}
		return nil
	}
	for _, key := range slices.Sorted(maps.Keys(wanted)) {
		if !strings.HasPrefix(key, prefix) {
			continue
		}
		have, ok := p.there[key]
		if ok && have.value == wanted[key] && slices.Contains(p.leases, have.lease) {
			continue
		}
		lease := have.lease
		if !slices.Contains(p.leases, lease) {
			var err error
			if lease, err = p.roomy(ctx, load); err != nil {
				return err
			}
		}
		after[key] = published{wanted[key], lease}
		ops = append(ops, clientv3.OpPut(key, wanted[key], clientv3.WithLease(clientv3.LeaseID(lease))))
		if err := flush(opsPerTxn); err != nil {
			return err
		}
	}
	return flush(1)
}

// purge takes this host out of networks that the configuration no longer has.
func (p *publisher) purge(ctx context.Context) error {
	for len(p.former) > 0 {
		n := p.former[0]
		err := p.contact.ask(ctx, func(ctx context.Context) (*etcdserverpb.ResponseHeader, error) {
			r, err := p.Client.Delete(ctx, n.HostPrefix(p.Config.Host), clientv3.WithPrefix())
			if err != nil {
				return nil, err
			}
			return r.Header, nil
		})
		if err != nil && !errors.Is(err, errDenied) { // the right may have gone with the network; then the lease takes the keys
			return err
		}
		p.former = p.former[1:]
		if err := p.keep(); err != nil {
			return err
		}
	}
	return nil
}
