package hostsfiles

import (
	"github.com/etcfiles/etcfiles/pkg/etchosts"
	"github.com/etcfiles/etcfiles/pkg/hostsstore"
)

// restore brings mode and owner of a hosts file to what they have to be; from one that is a runtime's it only takes what is dangerous.
// touched says that somebody else may have changed the file. Whose file refuses it harms itself.
func (e *Edit) restore(f *file, open *etchosts.File, touched bool) {
	var owner *hostsstore.Owner
	if c := f.view.Container; c != nil {
		owner = c.Owner
	}
	var err error
	switch {
	case f.create:
		err = open.Restore(hostsstore.AccessOf(owner), touched)
	case touched:
		err = open.Disarm()
	}
	if err != nil && !f.peer {
		e.Warnf("the mode or the owner of %s stays as it is: %v", f.dir.Path(f.name), err)
	}
}

// grant gives a hosts file that was made just now, as root's and without a label, to its container.
func (e *Edit) grant(f *file, open *etchosts.File) {
	c := f.view.Container
	if c == nil || c.Owner == nil && e.Label() == "" {
		return
	}
	a := hostsstore.AccessOf(c.Owner)
	a.Label = e.Label()
	err := open.Restore(a, false)
	if err == nil {
		_, err = open.Refresh()
	}
	if err != nil {
		e.Warnf("container %s: mode, owner and label of %s stay as they are: %v", c.ID, f.dir.Path(f.name), err)
	}
}
