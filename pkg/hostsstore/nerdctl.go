package hostsstore

import (
	"os"
	"path/filepath"
	"strings"
)

// NerdctlMarker is the word in the marker lines of nerdctl, which a store has to use that is shared with it.
const NerdctlMarker = "nerdctl"

// KeptByNerdctl reports whether nerdctl keeps a container itself that it gives CNI the ID for: NAMESPACE-ID. It makes the
// container's directory before it calls CNI, and the record in it afterwards.
func (d Dir) KeptByNerdctl(containerID string) bool {
	at := strings.LastIndexByte(containerID, '-')
	if at < 1 || !NerdctlID(containerID[at+1:]) {
		return false
	}
	n, id := d.Namespace(containerID[:at]), containerID[at+1:]
	info, err := os.Lstat(filepath.Dir(n.RecordPath(id)))
	if err != nil || !info.IsDir() {
		return false
	}
	r, err := n.ReadRecord(id)
	return err != nil || r.Etcfiles == nil
}

// NerdctlID reports whether a container's ID is of the form that nerdctl gives.
func NerdctlID(id string) bool {
	return len(id) == 64 && strings.Trim(id, "0123456789abcdef") == ""
}
