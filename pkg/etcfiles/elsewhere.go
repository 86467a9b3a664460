package etcfiles

import (
	"slices"

	"github.com/etcfiles/etcfiles/pkg/hostsstore"
	"github.com/etcfiles/etcfiles/pkg/names"
	"github.com/etcfiles/etcfiles/pkg/request"
)

// Elsewhere returns the attachments that a DEL is about for which nobody has named the namespace: one that the ADD had from
// CNI_ARGS, which not every runtime repeats. There are none if the key's own namespace has the attachment. The network namespace
// of such a record has to be the one at path, or gone: the ID may be another container's. It takes no lock.
func (m *Manager) Elsewhere(k request.Key, path string) ([]request.Key, error) {
	if k.Validate() != nil {
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
	var list []request.Key
	for _, ns := range namespaces {
		other := request.Key{Namespace: ns, ContainerID: k.ContainerID, IfName: k.IfName, Network: k.Network}
		d := m.attachment(other)
		if d == nil {
			continue
		}
		if d.Netns.Is(given) || d.BootID != boot || d.Netns.Gone(mntns) {
			list = append(list, other)
		}
	}
	return list, nil
}

// attachment returns what is ours of the record of a container that has the attachment, or that has left its last network; nil
// if there is none.
func (m *Manager) attachment(k request.Key) *hostsstore.Details {
	r, err := m.Dir.Namespace(k.Namespace).ReadRecord(k.ContainerID)
	if err != nil || r.Etcfiles == nil {
		return nil
	}
	if list := r.Etcfiles.Attachments; len(list) > 0 && k.In(list) < 0 {
		return nil
	}
	return r.Etcfiles
}
