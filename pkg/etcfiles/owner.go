package etcfiles

import (
	"github.com/etcfiles/etcfiles/pkg/hostsstore"
	"github.com/etcfiles/etcfiles/pkg/safefile"
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
func (t *tx) give(r *hostsstore.Record, path string) {
	if err := safefile.Restore(path, access(r)); err != nil {
		t.m.Warnf("container %s: the mode or the owner of %s stays as it is: %v", r.ID, path, err)
	}
}

// giveNew is give for a file that was made just now, as root's.
func (t *tx) giveNew(r *hostsstore.Record, path string) {
	if r.Etcfiles.Owner != nil {
		t.give(r, path)
	}
}
