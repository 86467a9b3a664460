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

// access returns who may do what with a container's own files.
func access(r *hostsstore.Record) safefile.Access { return hostsstore.AccessOf(r.Etcfiles.Owner) }

// give brings mode and owner of one of the container's own files, which is ours, to what they have to be.
func (t *tx) give(r *hostsstore.Record, path string) { t.giveAs(r.ID, path, access(r)) }

// giveNew gives the container a file that was made just now, as root's and without a label.
func (t *tx) giveNew(r *hostsstore.Record, path string) {
	if a, differs := t.newAccess(r.Etcfiles.Owner); differs {
		t.giveAs(r.ID, path, a)
	}
}

func (t *tx) giveAs(id, path string, a safefile.Access) {
	if err := safefile.Restore(path, a); err != nil {
		t.m.Warnf("container %s: mode, owner and label of %s stay as they are: %v", id, path, err)
	}
}

// newAccess returns who may do what with a new file of a container, and whether that is another than it is made with.
func (t *tx) newAccess(owner *hostsstore.Owner) (a safefile.Access, differs bool) {
	a = hostsstore.AccessOf(owner)
	a.Label = t.fileLabel()
	return a, owner != nil || a.Label != ""
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
