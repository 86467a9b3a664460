package etcfiles

import (
	"github.com/etcfiles/etcfiles/pkg/hostsstore"
	"github.com/etcfiles/etcfiles/pkg/safefile"
	"github.com/etcfiles/etcfiles/pkg/selinux"
)

// ownerFor returns who is to own the files of the container that is added: who its runtime says, or else the root of the user namespace that
// its network namespace belongs to.
func (t *tx) ownerFor(a *addition) *hostsstore.Owner {
	if a.Owner != nil || a.netns.UserNamespace == 0 || t.ns.OwnUser(a.netns) {
		return a.Owner
	}
	return t.m.Dir.RootOf(a.netns.Path)
}

// give brings mode and owner of one of the container's own files, which is ours, to what they have to be, and gives it the label, if any.
func (t *tx) give(r *hostsstore.Record, path, label string) {
	a := hostsstore.AccessOf(r.Etcfiles.Owner)
	a.Label = label
	if err := safefile.Restore(path, a); err != nil {
		t.m.Warnf("container %s: mode, owner and label of %s stay as they are: %v", r.ID, path, err)
	}
}

// fileLabel returns the label of SELinux that the containers' files have to have, "" where there is none.
func (t *tx) fileLabel() string {
	t.labelled.Do(func() {
		var err error
		if t.label, err = selinux.FileLabel(); err != nil {
			t.m.Warnf("SELinux may keep containers from reading their files, which get no label: %v", err)
		}
	})
	return t.label
}
