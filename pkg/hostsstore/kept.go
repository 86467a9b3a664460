package hostsstore

import (
	"encoding/json"
	"os"
	"path/filepath"
)

// Kept remembers, after a DEL with keepFiles, what a later ADD or removal must know of a container's own files.
type Kept struct {
	Created    []string
	ResolvConf ResolvConf
}

func (n *Namespace) keptPath(id string) string {
	return filepath.Join(string(n.dir), "kept", n.name, id)
}

// Keep leaves the note for a container.
func (n *Namespace) Keep(id string, k Kept) error {
	path := n.keptPath(id)
	if err := MakeDir(filepath.Dir(path)); err != nil {
		return err
	}
	data, err := json.Marshal(k)
	if err != nil {
		return err
	}
	return replace(path, data, recordMode, false)
}

// Kept returns the note for a container, and false if there is none.
func (n *Namespace) Kept(id string) (Kept, bool) {
	var k Kept
	data, err := os.ReadFile(n.keptPath(id))
	return k, err == nil && json.Unmarshal(data, &k) == nil
}

// ForgetKept removes the note for a container.
func (n *Namespace) ForgetKept(id string) error { return Remove(n.keptPath(id)) }
