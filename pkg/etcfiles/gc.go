package etcfiles

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/etcfiles/etcfiles/pkg/hostsstore"
	"github.com/etcfiles/etcfiles/pkg/request"
)

// Valid is an attachment that garbage collection leaves alone.
type Valid struct {
	ContainerID string
	IfName      string
}

// GC removes every attachment of the network that valid does not list. Without a namespace it looks through all of them,
// since the lists of a network are complete. It goes on after an error and returns all of them.
func (m *Manager) GC(ctx context.Context, namespace, network string, valid []Valid) error {
	namespaces, err := m.Namespaces(namespace)
	if err != nil {
		return err
	}
	keep := make(map[Valid]bool, len(valid))
	for _, v := range valid {
		keep[v] = true
	}
	return Each(ctx, namespaces, func(name string) error {
		if err := request.CheckElements(name, "none", network); err != nil {
			return err
		}
		return m.collect(ctx, name, network, keep)
	})
}

func (m *Manager) collect(ctx context.Context, namespace, network string, keep map[Valid]bool) error {
	if !m.Dir.Namespace(namespace).Exists() {
		return nil
	}
	return m.update(ctx, namespace, scope{}, func(t *tx) error {
		var stale []request.Key
		for _, c := range t.ix.Containers {
			for i := range c.Attachments {
				a := &c.Attachments[i]
				if a.Network == network && !keep[Valid{c.ID, a.IfName}] {
					stale = append(stale, request.Key{Namespace: namespace, ContainerID: c.ID, IfName: a.IfName, Network: network})
				}
			}
		}
		var failed []error
		for _, k := range stale {
			failed = append(failed, t.detach(k, false, "GC"))
			t.did.Collected = append(t.did.Collected, k.String())
		}
		// What could be detached is committed; what could not be taken away the next operation tries again.
		t.finish = func() error {
			for _, k := range stale {
				if t.isStuck(k.ContainerID) {
					failed = append(failed, fmt.Errorf("container %s is in no other's hosts file, but its record stays: chattr -i on %s",
						k.ContainerID, filepath.Dir(t.ns.RecordPath(k.ContainerID))), t.ns.AddPending(pendingOf(k, false, hostsstore.Netns{})))
				}
			}
			return errors.Join(failed...)
		}
		return nil
	})
}
