package hostsstore

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/etcfiles/etcfiles/pkg/safefile"
)

// The netns file says which network namespace a record is of, "DEVICE INODE\n" in decimal, for who may not read the record:
// etcfiles-mount in a user-namespaced container compares it with its own. It is written before the record and removed with
// the container's directory; a record whose network namespace is not known has none.

// NetnsPath returns the path of a container's netns file.
func (n *Namespace) NetnsPath(id string) string { return filepath.Join(n.RecordsDir(), id, netnsFile) }

// NetnsMatches reports whether the netns file says what the record does, and is absent where that says nothing.
func (n *Namespace) NetnsMatches(r *Record) bool {
	data, err := safefile.Read(n.NetnsPath(r.ID), maxNetns)
	if errors.Is(err, fs.ErrNotExist) {
		return netnsText(r) == ""
	}
	return err == nil && string(data) == netnsText(r)
}

// WriteNetns brings the netns file to the record.
func (n *Namespace) WriteNetns(r *Record) error {
	switch text := netnsText(r); {
	case n.NetnsMatches(r):
		return nil
	case text == "":
		return n.removeNetns(r.ID)
	default:
		return WriteFile(n.NetnsPath(r.ID), []byte(text))
	}
}

const maxNetns = 64

func netnsText(r *Record) string {
	if r.Etcfiles == nil || r.Etcfiles.Netns.Inode == 0 {
		return ""
	}
	return fmt.Sprintf("%d %d\n", r.Etcfiles.Netns.Device, r.Etcfiles.Netns.Inode)
}

func (n *Namespace) removeNetns(id string) error {
	path := n.NetnsPath(id)
	return errors.Join(safefile.Remove(safefile.Temporary(path)), safefile.Remove(path))
}
