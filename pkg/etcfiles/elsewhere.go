package etcfiles

import (
	"slices"

	"github.com/etcfiles/etcfiles/pkg/hostsstore"
	"github.com/etcfiles/etcfiles/pkg/names"
)

// Elsewhere returns the attachments that a DEL is about for which nobody has named the namespace: one that the ADD had from
// CNI_ARGS, which not every runtime repeats. There are none if the key's own namespace has the attachment. The network namespace
// of such a record has to be the one at path, or gone: the ID may be another container's. It takes no lock.
func (m *Manager) Elsewhere(k Key, path string) ([]Key, error) {
	if k.validate() != nil {
		return nil, nil
	}
	namespaces, err := m.Dir.Namespaces()
	if err != nil {
		return nil, err
	}
	namespaces = slices.DeleteFunc(namespaces, func(ns string) bool {
		return ns == k.Namespace || names.CheckElement(ns) != nil || !m.Dir.Namespace(ns).HasRecord(k.ContainerID)
	})
	if len(namespaces) == 0 || m.attachment(k) != nil {
		return nil, nil
	}
	boot, err := hostsstore.BootID()
	if err != nil {
		return nil, err
	}
	given, mntns := hostsstore.Identify(path), hostsstore.MountNamespace()
	var list []Key
	for _, ns := range namespaces {
		other := Key{ns, k.ContainerID, k.IfName, k.Network}
		d := m.attachment(other)
		if d == nil {
			continue
		}
		same := d.Netns.Inode != 0 && d.Netns.Device == given.Device && d.Netns.Inode == given.Inode
		if same || d.BootID != boot || d.Netns.Gone(mntns) {
			list = append(list, other)
		}
	}
	return list, nil
}

// attachment returns what is ours of the record of a container that has the attachment, or that has left its last network; nil
// if there is none.
func (m *Manager) attachment(k Key) *hostsstore.Details {
	r, err := m.Dir.Namespace(k.Namespace).ReadRecord(k.ContainerID)
	if err != nil || r.Etcfiles == nil {
		return nil
	}
	if len(r.Etcfiles.Attachments) == 0 {
		return r.Etcfiles
	}
	for i := range r.Etcfiles.Attachments {
		if a := &r.Etcfiles.Attachments[i]; a.IfName == k.IfName && a.Network == k.Network {
			return r.Etcfiles
		}
	}
	return nil
}
