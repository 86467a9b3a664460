package agent

import (
	"context"
	"errors"
	"slices"
	"time"

	"go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// keysPerLease bounds what a put costs, which grows with the keys of its lease, and what expires at once.
const keysPerLease = 500

// lost reports whether a lease has expired.
func lost(err error) bool { return errors.Is(err, errExpired) }

// dropLeases begins anew with another lease; others may have changed everything meanwhile.
func (p *publisher) dropLeases() {
	p.leases = nil
	p.forgetThere()
	p.again()
}

// renew keeps the leases alive. Where one has expired, all are dropped.
func (p *publisher) renew(ctx context.Context) error {
	for _, id := range p.leases {
		err := p.contact.ask(ctx, func(ctx context.Context) (*etcdserverpb.ResponseHeader, error) {
			r, err := p.Client.KeepAliveOnce(ctx, clientv3.LeaseID(id))
			if err != nil {
				return nil, err
			}
			return r.ResponseHeader, nil
		})
		if lost(err) {
			p.Logf("the lease has expired: everything is published again")
			p.dropLeases()
			return err
		}
		if err != nil {
			p.report.fault("lease", err)
			p.renewal = time.Now().Add(jitter(2 * shortestWait))
			return err
		}
	}
	p.report.fault("lease", nil)
	p.renewal = time.Now().Add(p.Config.TTL/3 - jitter(p.Config.TTL/20))
	p.report.touch()
	return nil
}

// grant makes one more lease.
func (p *publisher) grant(ctx context.Context) (int64, error) {
	var id int64
	err := p.contact.ask(ctx, func(ctx context.Context) (*etcdserverpb.ResponseHeader, error) {
		r, err := p.Client.Grant(ctx, int64((p.Config.TTL+time.Second-1)/time.Second))
		if err != nil {
			return nil, err
		}
		id = int64(r.ID)
		return r.ResponseHeader, nil
	})
	if err != nil {
		return 0, err
	}
	p.leases = append(p.leases, id)
	p.renewal = time.Now().Add(p.Config.TTL / 3)
	return id, p.keep()
}

// keep writes down what the next one who runs goes on with.
func (p *publisher) keep() error {
	k := kept{Instance: p.Identity.Instance, Host: p.Config.Host, Leases: p.leases, Networks: slices.Clone(p.former)}
	for _, n := range p.Config.Networks {
		k.Networks = append(k.Networks, n.Network)
	}
	return p.Dir.save(k)
}

// roomy returns a lease that may have one more key, which it counts.
func (p *publisher) roomy(ctx context.Context, load map[int64]int) (int64, error) {
	for _, id := range p.leases {
		if load[id] < keysPerLease {
			load[id]++
			return id, nil
		}
	}
	id, err := p.grant(ctx)
	load[id]++
	return id, err
}
