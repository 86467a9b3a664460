package hostsstore

import (
	"fmt"
	"path/filepath"
)

// The netns file says which network namespace a record is of, "DEVICE INODE\n" in decimal, for who may not read the record:
// etcfiles-mount in a user-namespaced container compares it with its own. A record whose network namespace is not known has none.

// NetnsPath returns the path of a container's netns file.
func (n *Namespace) NetnsPath(id string) string { return filepath.Join(n.RecordsDir(), id, netnsFile) }

// NetnsMatches reports whether the netns file says what the record does, and is absent where that says nothing.
func (n *Namespace) NetnsMatches(r *Record) bool {
	text := netnsText(r)
	return besideMatches(n.NetnsPath(r.ID), text, text != "")
}

// WriteNetns brings the netns file to the record.
func (n *Namespace) WriteNetns(r *Record) error {
	text := netnsText(r)
	return writeBeside(n.NetnsPath(r.ID), text, text != "")
}

func netnsText(r *Record) string {
	if r.Etcfiles == nil || r.Etcfiles.Netns.Inode == 0 {
		return ""
	}
	return fmt.Sprintf("%d %d\n", r.Etcfiles.Netns.Device, r.Etcfiles.Netns.Inode)
}
