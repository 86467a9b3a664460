package command

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/etcfiles/etcfiles/pkg/cluster"
	"github.com/etcfiles/etcfiles/pkg/etcfiles"
	"github.com/etcfiles/etcfiles/pkg/hostsstore"
	"github.com/etcfiles/etcfiles/pkg/inspect"
	"github.com/etcfiles/etcfiles/pkg/remote"
	"github.com/etcfiles/etcfiles/plugins/etcd/etcfiles-etcd/agent"
	"github.com/etcfiles/etcfiles/plugins/etcd/etcfiles-etcd/config"
)

// lockTimeout is how long an import waits for other operations; then it is tried again.
const lockTimeout = 30 * time.Second

// store is the store of this machine as the agent sees it.
type store struct {
	manager *etcfiles.Manager
	foreign map[cluster.Network]bool // networks of which nerdctl's containers are published
}

func newStore(c *config.Config, log func(format string, args ...any)) *store {
	s := &store{
		manager: &etcfiles.Manager{
			Dir: hostsstore.Dir(c.DataDir), FindMarker: true, LockTimeout: lockTimeout,
			Warnf: seldom(func(format string, args ...any) { log("warning: the store: "+format, args...) }),
		},
		foreign: map[cluster.Network]bool{},
	}
	for _, n := range c.Networks {
		s.foreign[n.Network] = n.Foreign
	}
	return s
}

// seldom returns a function that logs a warning once in ten minutes: what fails is tried again every few seconds.
func seldom(log func(format string, args ...any)) func(format string, args ...any) {
	var mu sync.Mutex
	said := map[string]time.Time{}
	return func(format string, args ...any) {
		text := fmt.Sprintf(format, args...)
		mu.Lock()
		defer mu.Unlock()
		maps.DeleteFunc(said, func(_ string, when time.Time) bool { return time.Since(when) > 10*time.Minute })
		if _, ok := said[text]; !ok {
			said[text] = time.Now()
			log("%s", text)
		}
	}
}

// Import implements agent.Store.
func (s *store) Import(ctx context.Context, n cluster.Network, revision int64, hosts map[string][]cluster.Entry) error {
	given := map[string]remote.Host{}
	for name, entries := range hosts {
		h := remote.Host{Revision: revision}
		for _, e := range entries {
			h.Peers = append(h.Peers, remote.Peer{
				ID: e.ID, IfName: e.IfName, Revision: e.Created, NetworkOnly: e.NetworkOnly, Addresses: e.Addresses, Names: e.Names,
			})
		}
		given[name] = h
	}
	err := s.manager.Import(ctx, n.Namespace, n.Name, given)
	if refusals := (remote.Refusals{}); errors.As(err, &refusals) {
		return leftOut(refusals)
	}
	if err != nil {
		return fmt.Errorf("network %v: %w", n, err)
	}
	return nil
}

// leftOut says of each host what an import did not take.
func leftOut(refusals remote.Refusals) *agent.LeftOut {
	l := &agent.LeftOut{Why: map[string]error{}}
	for _, r := range refusals {
		l.Why[r.Host] = errors.Join(l.Why[r.Host], r)
		if r.Peers == 0 {
			l.Stays = append(l.Stays, r.Host)
		}
	}
	return l
}

// Hosts implements agent.Store.
func (s *store) Hosts(n cluster.Network) ([]string, error) {
	boot, err := hostsstore.BootID()
	if err != nil {
		return nil, err
	}
	var out []string
	for _, h := range s.manager.Dir.Namespace(n.Namespace).Remotes(boot, nil).Of(n.Name) {
		out = append(out, h.Host)
	}
	return out, nil
}

// Attachments implements agent.Store. Pods have the DNS of their cluster, and are not published.
func (s *store) Attachments(ctx context.Context, namespace string, report func([]agent.Local)) error {
	return inspect.Of(s.manager).Attachments(ctx, namespace, func(list []inspect.Attached) error {
		locals := make([]agent.Local, len(list))
		for i, a := range list {
			n := cluster.Network{Namespace: namespace, Name: a.Network}
			locals[i] = agent.Local{
				Attached: cluster.Attached{Network: n, ID: a.ID, IfName: a.IfName, Addresses: a.Addresses, Names: a.Names},
				Private:  a.Kubernetes != "" || a.Foreign && !s.foreign[n],
			}
			if a.Foreign { // nerdctl does not say how the interface is called
				locals[i].IfName = "eth0"
			}
		}
		report(locals)
		return nil
	})
}
