package inspect

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"github.com/etcfiles/etcfiles/pkg/hostsstore"
	"github.com/etcfiles/etcfiles/pkg/safefile"
)

// lookAtModes finds permission bits and owners that are not as they have to be.
func (a *audit) lookAtModes() {
	owners := map[string]safefile.Owner{} // of the records
	for _, e := range a.of(hostsstore.KindRecord) {
		owners[e.ID] = e.Owner
	}
	for _, e := range a.entries {
		directory := e.Kind == hostsstore.KindDirectory
		if e.Want == 0 || directory && !e.Mode.IsDir() || !directory && !e.Mode.IsRegular() {
			continue // that is a finding of its own
		}
		if !a.again(Finding{ID: e.ID, Network: e.Network}) {
			continue
		}
		a.lookAtMode(&e)
		if r := a.records[e.ID]; r != nil && e.Kind.OfContainer() && a.madeByUs(&e) {
			a.lookAtOwner(&e, r.Etcfiles, owners[e.ID])
		}
	}
}

// lookAtMode also finds, in the file of any container, what lets those who run it be somebody else: the container has made that.
func (a *audit) lookAtMode(e *hostsstore.Entry) {
	f := Finding{ID: e.ID, Network: e.Network, Path: e.Path, Problem: ModeWrong, Do: doAudit}
	armed := ""
	if e.Kind.OfContainer() {
		armed = safefile.Armed(e.Path)
	}
	switch want, ours := a.mode(e), a.madeByUs(e); {
	case armed == "capabilities":
		f.What = "it has capabilities, which whoever runs it gets: its container gave it these"
	case armed != "":
		f.What = fmt.Sprintf("it is %s: its mode is %04o and has to be %04o", armed, e.Bits(), want)
	case ours && e.Bits() != want:
		f.What = fmt.Sprintf("its mode is %04o and has to be %04o", e.Bits(), want)
	default:
		return
	}
	a.found(f)
}

// mode returns the permission bits that an entry has to have.
func (a *audit) mode(e *hostsstore.Entry) fs.FileMode {
	r := a.records[e.ID]
	if e.Kind.OfContainer() && !a.madeByUs(e) {
		return e.Mode.Perm()
	}
	if e.Kind != hostsstore.KindDirectory || e.ID == "" || r == nil {
		return e.Want
	}
	if want := a.ns.OwnDirMode(r); int(e.Owner.UID) == os.Geteuid() || e.Mode.Perm()&^want != 0 {
		return want
	}
	return e.Mode.Perm() // whoever made it may be of another user namespace
}

// lookAtOwner finds a file that belongs to another one than its record says, or, of root's, than the record itself does. A record of an earlier
// version does not say whose it is.
func (a *audit) lookAtOwner(e *hostsstore.Entry, d *hostsstore.Details, record safefile.Owner) {
	want := hostsstore.AccessOf(d.Owner).Owner
	if d.Owner == nil {
		if d.Netns.UserNamespace == 0 {
			return
		}
		want = safefile.Owner{UID: record.UID, GID: e.Owner.GID}
	}
	if e.Owner != want {
		a.found(Finding{
			ID: e.ID, Path: e.Path, Problem: OwnerWrong,
			What: fmt.Sprintf("its owner is %v and has to be %v", e.Owner, want), Do: doAudit,
		})
	}
}

// mendAccess brings the mode and the owner of what is at the path to what they have to be.
func (a *audit) mendAccess(path string) error {
	i := slices.IndexFunc(a.entries, func(e hostsstore.Entry) bool { return e.Want != 0 && e.Path == path })
	if i < 0 {
		return nil
	}
	e := &a.entries[i]
	switch {
	case !e.Kind.OfContainer():
		return safefile.SetMode(path, a.mode(e))
	case !a.madeByUs(e):
		return safefile.DisarmAt(path)
	}
	err := safefile.Restore(path, hostsstore.AccessOf(a.records[e.ID].Etcfiles.Owner))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// madeByUs reports whether the mode of an entry is ours to say: what the container runtime has made is its own.
func (a *audit) madeByUs(e *hostsstore.Entry) bool {
	if e.ID == "" {
		return e.Network != "" || !a.sharedStore()
	}
	r := a.records[e.ID]
	if r == nil {
		return e.Kind == hostsstore.KindKept
	}
	if r.Etcfiles == nil {
		return false
	}
	file := ""
	switch e.Kind {
	case hostsstore.KindHosts:
		file = hostsstore.HostsFile
	case hostsstore.KindResolvConf:
		file = hostsstore.ResolvConfFile
	case hostsstore.KindHostname:
		file = hostsstore.HostnameFile
	}
	return file == "" || slices.Contains(r.Etcfiles.Created, file)
}

// sharedStore reports whether nerdctl keeps records in the namespace too.
func (a *audit) sharedStore() bool {
	if a.shared() {
		return true
	}
	for _, r := range a.records {
		if r.Etcfiles == nil {
			return true
		}
	}
	return false
}
