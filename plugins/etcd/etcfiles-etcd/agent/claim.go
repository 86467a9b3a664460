package agent

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/etcfiles/etcfiles/pkg/cluster"
)

// grace is what a lease may outlive its time: etcd looks for expired ones twice a second, and a new leader begins anew.
const grace = 2 * time.Second

// ErrIdentity is the error for a host's name that another machine publishes under.
var ErrIdentity = errors.New("the name of this host is taken")

// errWait is that something will pass by itself.
var errWait = errors.New("an earlier boot, or an earlier service, of this machine is still published: its names go first")

// errContested is that two publish one host, and cannot be told apart.
var errContested = errors.New("somebody else changes what this host has published, again and again: a machine that was resumed from the same snapshot, or whoever has its certificate")

// contest notices that somebody else writes this host's keys. That may happen once, by mistake.
type contest struct{ times []time.Time }

const (
	contestTimes  = 4 // within contestWindow
	contestWindow = 20 * time.Second
)

// note notes that something had to be put right.
func (c *contest) note(now time.Time) { c.times = append(c.times, now) }

// on reports whether there is a contest, and when to look again; zero for no need to.
func (c *contest) on(now time.Time) (on bool, next time.Time) {
	c.times = slices.DeleteFunc(c.times, func(t time.Time) bool { return now.Sub(t) >= contestWindow })
	if len(c.times) < contestTimes {
		return false, time.Time{}
	}
	c.times = c.times[len(c.times)-contestTimes:]
	return true, c.times[0].Add(contestWindow)
}

// record returns the value of this host's record in a network.
func (p *publisher) record(n cluster.Network) (string, error) {
	r := p.Identity
	r.Ranges = p.network(n).Ranges
	return r.Encode()
}

// claim puts this host's record, unless another machine has one. It is written once for each lease: readers go by its revision.
func (p *publisher) claim(ctx context.Context, n cluster.Network) error {
	key := n.RecordKey(p.Config.Host)
	value, err := p.record(n)
	if err != nil {
		return err
	}
	put := clientv3.OpPut(key, value, clientv3.WithLease(clientv3.LeaseID(p.leases[0])))
	r, err := p.txn(ctx, clientv3.Compare(clientv3.CreateRevision(key), "=", 0), []clientv3.Op{put}, []clientv3.Op{clientv3.OpGet(key)})
	if err != nil {
		return err
	}
	if r.Succeeded {
		p.records[n] = r.Header.Revision
		return nil
	}
	kvs := r.Responses[0].GetResponseRange().GetKvs()
	if len(kvs) == 0 {
		return errAgain
	}
	have := kvs[0]
	old, err := cluster.DecodeRecord(have.Value)
	switch {
	case err != nil: // of nobody
	case old.Machine != p.Identity.Machine:
		return fmt.Errorf("%w: host %s is published by another machine in %v: set host in the configuration of one of them", ErrIdentity, p.Config.Host, n)
	case !old.Same(p.Identity):
		if p.earlier.IsZero() {
			p.earlier = time.Now()
		}
		if time.Since(p.earlier) < p.Config.TTL+grace {
			return errWait
		}
		if old.Boot == p.Identity.Boot {
			return fmt.Errorf("%w: host %s is published in %v by another service with the machine-id and the boot of this one: end it, or set another host in the configuration of one of them",
				ErrIdentity, p.Config.Host, n)
		}
		return fmt.Errorf("%w: host %s is published in %v by a machine with the machine-id of this one, which is a clone: give one of them another machine-id and another host in the configuration",
			ErrIdentity, p.Config.Host, n)
	}
	p.earlier = time.Time{}
	if string(have.Value) == value && have.Lease == p.leases[0] {
		p.records[n] = have.ModRevision
		return nil
	}
	r, err = p.txn(ctx, clientv3.Compare(clientv3.ModRevision(key), "=", have.ModRevision), []clientv3.Op{put}, nil)
	if err != nil {
		return err
	}
	if !r.Succeeded {
		return errAgain
	}
	p.records[n] = r.Header.Revision
	return nil
}
