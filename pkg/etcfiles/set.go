package etcfiles

import (
	"context"
	"fmt"
	"slices"

	"github.com/etcfiles/etcfiles/pkg/decide"
	"github.com/etcfiles/etcfiles/pkg/hostsstore"
	"github.com/etcfiles/etcfiles/pkg/request"
)

// Set changes what a container that runs is called, as runtimes can rename it or give it an alias on a network: the name is
// replaced, aliases and extra hosts are added. The hosts files of its peers and its own change in place, and the record keeps it
// as long as the container is there. The hostname stays: it is the kernel's. The error is request.ErrInvalid for a container that the
// store does not have, or that is nerdctl's, and for a name that cannot be looked up.
func (m *Manager) Set(ctx context.Context, namespace, id string, change request.Set) error {
	if err := request.CheckContainer(namespace, id); err != nil {
		return err
	}
	if _, err := change.Apply(&hostsstore.Asked{}); err != nil {
		return err
	}
	err := fmt.Errorf("container %s/%s: %w: the store does not have it", namespace, id, request.ErrInvalid)
	if !m.Dir.Namespace(namespace).Exists() {
		return err
	}
	return m.update(ctx, namespace, scope{}, func(t *tx) error {
		c := t.ix.Containers[id]
		switch {
		case c == nil:
			return err
		case c.Foreign:
			return fmt.Errorf("container %s/%s: %w: its record is nerdctl's", namespace, id, request.ErrInvalid)
		case len(c.Attachments) == 0:
			return fmt.Errorf("container %s/%s: %w: it is on no network", namespace, id, request.ErrInvalid)
		}
		return t.set(c, change)
	})
}

func (t *tx) set(c *hostsstore.Container, change request.Set) error {
	r, err := t.pendingRecord(c.ID)
	if err != nil {
		return fmt.Errorf("record of container %s: %w", c.ID, err)
	}
	before := hostsstore.Asked{}
	if r.Etcfiles.Set != nil {
		before = *r.Etcfiles.Set
	}
	set, err := change.Apply(&before)
	if err != nil {
		return err
	}
	decide.Ask(r)
	r.Etcfiles.Set = set
	if !decide.ExtraHosts(r) && slices.ContainsFunc(set.ExtraHosts, func(x hostsstore.AskedHost) bool { return !x.Address.IsValid() }) {
		return &request.KeyError{
			Key: "extraHosts", Value: request.HostGateway, Reason: fmt.Errorf("no network of container %s has a gateway", c.ID),
		}
	}
	if err := request.CheckExtraHosts(c.ID, len(r.Etcfiles.ExtraHosts)); err != nil {
		return err
	}
	c.Attachments = slices.Clone(c.Attachments)
	t.decide(c, r)
	t.save(c, r)
	return nil
}
