package etcfiles

import (
	"net/netip"
	"slices"

	"github.com/etcfiles/etcfiles/pkg/hostsstore"
	"github.com/etcfiles/etcfiles/pkg/netns"
	"github.com/etcfiles/etcfiles/pkg/request"
)

// evict takes older attachments out whose address this one was given, if their container has lost it. One that still has it,
// or of which that cannot be told, stays beside the new one: a typing error in a static address must not erase it.
func (t *tx) evict(a *addition) error {
	var stale []request.Key
	for _, c := range t.ix.Containers {
		for i := range c.Attachments {
			old := &c.Attachments[i]
			if c.ID == a.ContainerID || old.Network != a.Network {
				continue
			}
			both := slices.DeleteFunc(slices.Clone(old.Addresses), func(addr netip.Addr) bool { return !slices.Contains(a.addresses, addr) })
			if len(both) == 0 {
				continue
			}
			if t.lost(c.Netns, both) {
				stale = append(stale, request.Key{Namespace: a.Namespace, ContainerID: c.ID, IfName: old.IfName, Network: old.Network})
				continue
			}
			t.m.Warnf("address %s of container %s on network %s is that of container %s too, which may live: both are listed; end the one that has no right to it",
				both[0], a.ContainerID, a.Network, c.ID)
		}
	}
	for _, k := range stale {
		if err := t.detach(k, false, "address given to container "+a.ContainerID); err != nil {
			return err
		}
		t.did.Evicted = append(t.did.Evicted, k.String())
	}
	return nil
}

// replaceSandbox takes out former sandboxes of the pod, which may never be given back (containerd#5768).
func (t *tx) replaceSandbox(a *addition) {
	if a.PodUID == "" {
		return
	}
	for _, c := range t.ix.Containers {
		if c.PodUID != a.PodUID || c.ID == a.ContainerID {
			continue
		}
		for i := range c.Attachments {
			t.did.Evicted = append(t.did.Evicted, request.Key{ContainerID: c.ID, IfName: c.Attachments[i].IfName}.String())
		}
		t.drop(c, "new sandbox of the pod: container "+a.ContainerID)
	}
}

// lost reports that a network namespace certainly has none of the addresses. They may never have been in it, as with the
// runtimes of virtual machines.
func (t *tx) lost(id hostsstore.Netns, addresses []netip.Addr) bool {
	if !id.SeenFrom(t.mntns) {
		return false
	}
	has, err := netns.Addresses(id.Path, id.Device, id.Inode)
	return err == nil && !slices.ContainsFunc(addresses, func(addr netip.Addr) bool { return len(has[addr]) > 0 })
}
