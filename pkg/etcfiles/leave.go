package etcfiles

import (
	"context"
	"fmt"
	"slices"

	"github.com/etcfiles/etcfiles/pkg/decide"
	"github.com/etcfiles/etcfiles/pkg/hostsstore"
	"github.com/etcfiles/etcfiles/pkg/request"
	"github.com/etcfiles/etcfiles/pkg/roster"
)

// Leave is Del for a container that lives in the network namespace at the path. With its last attachment every name goes out of its hosts file but localhost. The
// files stay, since they are mounted in it, and so does its record, without an attachment, until the container comes back to
// a network, has a Del, or its network namespace is gone.
func (m *Manager) Leave(ctx context.Context, k request.Key, netns string) error {
	return m.delOrPutOff(ctx, k, hostsstore.Identify(netns))
}

// leave is detach for a container that lives in the network namespace.
func (t *tx) leave(k request.Key, netns hostsstore.Netns, why string) error {
	c := t.ix.Containers[k.ContainerID]
	if c == nil || c.Foreign || len(c.Attachments) == 0 {
		return nil
	}
	i := k.In(c.Attachments)
	if i < 0 || len(c.Attachments) > 1 {
		return t.detach(k, false, why)
	}
	r, err := t.pendingRecord(c.ID)
	if err != nil {
		return fmt.Errorf("record of container %s: %w", c.ID, err)
	}
	t.ix.Depart(c.ID, &c.Attachments[i], why)
	t.went = append(t.went, roster.Placed{Container: c, Attachment: &c.Attachments[i]})
	t.came = slices.DeleteFunc(t.came, func(p roster.Placed) bool { return p.Container == c })
	decide.Adopt(r)
	decide.Leave(r, k.IfName)
	if was := r.Etcfiles.Netns; netns.Is(was) {
		netns.UserNamespace = was.UserNamespace
	}
	r.Etcfiles.Netns = netns // by which the next operation sees that the container has ended
	c.Netns, c.Attachments, c.ExtraHosts, c.Adopted = netns, nil, nil, nil
	t.save(c, r)
	return nil
}
