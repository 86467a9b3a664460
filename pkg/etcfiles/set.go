package etcfiles

import (
	"context"
	"fmt"
	"slices"

	"github.com/etcfiles/etcfiles/pkg/decide"
	"github.com/etcfiles/etcfiles/pkg/hostsstore"
	"github.com/etcfiles/etcfiles/pkg/names"
)

// Change is what Set is to change. An empty text in a list, or as the name, takes away what Set gave before.
type Change struct {
	Name       *string // nil for no change
	Aliases    []string
	ExtraHosts []string // as ParseExtraHost reads them
}

// Set changes what a container that runs is called, as runtimes can rename it or give it an alias on a network: the name is
// replaced, aliases and extra hosts are added. The hosts files of its peers and its own change in place, and the record keeps it
// as long as the container is there. The hostname stays: it is the kernel's. The error is ErrInvalid for a container that the
// store does not have, or that is nerdctl's, and for a name that cannot be looked up.
func (m *Manager) Set(ctx context.Context, namespace, id string, change Change) error {
	if err := (Key{Namespace: namespace, ContainerID: id, Network: "none"}).validate(); err != nil {
		return err
	}
	if _, err := change.apply(&hostsstore.Asked{}); err != nil {
		return err
	}
	err := fmt.Errorf("container %s/%s: %w: the store does not have it", namespace, id, ErrInvalid)
	if !m.Dir.Namespace(namespace).Exists() {
		return err
	}
	return m.update(ctx, namespace, func(t *tx) error {
		c := t.ix.Containers[id]
		switch {
		case c == nil:
			return err
		case c.Foreign:
			return fmt.Errorf("container %s/%s: %w: its record is nerdctl's", namespace, id, ErrInvalid)
		case len(c.Attachments) == 0:
			return fmt.Errorf("container %s/%s: %w: it is on no network", namespace, id, ErrInvalid)
		}
		return t.set(c, change)
	})
}

func (t *tx) set(c *hostsstore.Container, change Change) error {
	r, err := t.pendingRecord(c.ID)
	if err != nil {
		return fmt.Errorf("record of container %s: %w", c.ID, err)
	}
	before := hostsstore.Asked{}
	if r.Etcfiles.Set != nil {
		before = *r.Etcfiles.Set
	}
	set, err := change.apply(&before)
	if err != nil {
		return err
	}
	decide.Adopt(r)
	r.Etcfiles.Set = set
	if !decide.ExtraHosts(r) && slices.ContainsFunc(set.ExtraHosts, func(x hostsstore.AskedHost) bool { return !x.Address.IsValid() }) {
		return fmt.Errorf("extraHosts: %s: %w: no network of container %s has a gateway", hostGateway, ErrInvalid, c.ID)
	}
	if err := checkExtraHosts(c.ID, len(r.Etcfiles.ExtraHosts)); err != nil {
		return err
	}
	c.Attachments = slices.Clone(c.Attachments)
	t.decide(c, r)
	t.save(c, r)
	return nil
}

// apply returns what is set after the change.
func (change *Change) apply(before *hostsstore.Asked) (*hostsstore.Asked, error) {
	out := &hostsstore.Asked{Name: before.Name, Aliases: slices.Clone(before.Aliases), ExtraHosts: slices.Clone(before.ExtraHosts)}
	if change.Name != nil {
		if out.Name = *change.Name; out.Name != "" {
			if _, err := names.Parse(out.Name); err != nil {
				return nil, fmt.Errorf("name: %w: %w", ErrInvalid, err)
			}
		}
	}
	for _, alias := range change.Aliases {
		if alias == "" {
			out.Aliases = nil
			continue
		}
		if _, err := names.Parse(alias); err != nil {
			return nil, fmt.Errorf("alias: %w: %w", ErrInvalid, err)
		}
		if !slices.Contains(out.Aliases, alias) {
			out.Aliases = append(out.Aliases, alias)
		}
	}
	if n := len(out.Aliases); n > maxAliases {
		return nil, fmt.Errorf("aliases: %w: %d are set, and there may be %d: take some away", ErrInvalid, n, maxAliases)
	}
	for _, text := range change.ExtraHosts {
		if text == "" {
			out.ExtraHosts = nil
			continue
		}
		x, err := ParseExtraHost(text)
		if err != nil {
			return nil, err
		}
		if asked := (hostsstore.AskedHost{Name: x.Name, Address: x.Address}); !slices.Contains(out.ExtraHosts, asked) {
			out.ExtraHosts = append(out.ExtraHosts, asked)
		}
	}
	if out.Name == "" && len(out.Aliases)+len(out.ExtraHosts) == 0 {
		return nil, nil
	}
	return out, nil
}
