package etcfiles

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"

	"github.com/etcfiles/etcfiles/pkg/hostsstore"
	"github.com/etcfiles/etcfiles/pkg/kubehosts"
	"github.com/etcfiles/etcfiles/pkg/request"
	"github.com/etcfiles/etcfiles/pkg/roster"
)

// Adopt takes over, into the hosts file of a pod, the lines of the kubelet's file at path that only the kubelet knows, see
// kubehosts. They have the precedence of extra hosts. That is done once: what the record has stays. A container that the store
// does not know, or knows with another network namespace than that at netns, is left alone, and so is one for which the file
// has nothing; then no lock is taken. What is wrong with the file is a warning.
func (m *Manager) Adopt(ctx context.Context, namespace, id, netns, path string) error {
	if err := request.CheckContainer(namespace, id); err != nil {
		return err
	}
	ns, now := m.Dir.Namespace(namespace), hostsstore.Identify(netns)
	r, err := ns.ReadRecord(id)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("record of container %s: %w", id, err)
	}
	if !adopts(r, now) {
		return nil
	}
	var own []netip.Addr
	for i := range r.Etcfiles.Attachments {
		own = append(own, r.Etcfiles.Attachments[i].Addresses...)
	}
	lines, left, err := kubehosts.Read(path, own)
	if err != nil {
		m.Warnf("container %s: nothing is taken over from the kubelet's file: %v", id, err)
		return nil
	}
	m.leftOfKubelet(id, left)
	if len(lines) == 0 {
		return nil
	}
	return m.update(ctx, namespace, scope{}, func(t *tx) error {
		c := t.ix.Containers[id]
		if c == nil {
			return nil
		}
		r, err := t.pendingRecord(id)
		if err != nil {
			return fmt.Errorf("record of container %s: %w", id, err)
		}
		if !adopts(r, now) {
			return nil
		}
		for _, l := range lines {
			r.Etcfiles.Adopted = append(r.Etcfiles.Adopted, hostsstore.Adopted(l).String())
		}
		entry, _ := roster.ContainerOf(r)
		c.Adopted = entry.Adopted
		t.save(c, r)
		return nil
	})
}

// adopts reports whether a container may take lines over, from a process in the network namespace.
func adopts(r *hostsstore.Record, netns hostsstore.Netns) bool {
	d := r.Etcfiles
	return d != nil && len(d.Attachments) > 0 && len(d.Adopted) == 0 &&
		(d.Netns.Inode == 0 || d.Netns.Is(netns))
}

func (m *Manager) leftOfKubelet(id string, left []string) {
	quiet, tell := m.quiet()
	defer tell()
	for _, what := range left {
		quiet.Warnf("container %s: left out of what the kubelet's file has: %s", id, what)
	}
}
