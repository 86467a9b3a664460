package hostsstore

import (
	"path/filepath"
	"slices"
)

// The inherited file stands beside the netns file, for who may not read the record, where the runtime of a pod knows more of its
// DNS than etcfiles does: nothing of its resolv.conf was given explicitly, so who mounts the pod's files leaves a resolv.conf alone
// that the runtime has made. Multus and CRI-O do not hand the capability dns on. It is empty.

// InheritedPath returns the path of a container's inherited file.
func (n *Namespace) InheritedPath(id string) string {
	return filepath.Join(n.RecordsDir(), id, inheritedFile)
}

// knowsLess reports whether the container is a pod of Kubernetes and nothing of its resolv.conf was given explicitly, by the runtime or the
// configuration of a network. Of a record of an earlier format that is not known.
func (r *Record) knowsLess() bool {
	d := r.Etcfiles
	return d != nil && d.KubernetesNamespace != "" && !slices.ContainsFunc(d.Attachments, func(a Attachment) bool {
		return a.DNS == nil || len(a.DNS.Explicit) > 0
	})
}

// InheritedMatches reports whether the inherited file is there if the record wants it, and else absent.
func (n *Namespace) InheritedMatches(r *Record) bool {
	return besideMatches(n.InheritedPath(r.ID), "", r.knowsLess())
}

// WriteInherited brings the inherited file to the record.
func (n *Namespace) WriteInherited(r *Record) error {
	return writeBeside(n.InheritedPath(r.ID), "", r.knowsLess())
}
