package agent

import (
	"context"
	"errors"
	"fmt"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/etcfiles/etcfiles/pkg/cluster"
)

// grace is what a lease may outlive its time: etcd looks for expired ones twice a second, and a new leader begins anew.
const grace = 2 * time.Second

// ErrIdentity is the error for a host's name that another machine publishes under.
var ErrIdentity = errors.New("the name of this host is taken")

// errWait is that something will pass by itself.
var errWait = errors.New("an earlier boot of this machine is still published: its names go first")

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
