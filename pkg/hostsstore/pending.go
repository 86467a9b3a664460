package hostsstore

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Pending is a DEL that did not get the lock in time and that the next holder of the lock does.
type Pending struct {
	ID      string
	IfName  string
	Network string
	Keep    bool // leave the container's own three files
}

// AddPending leaves a note. It needs no lock.
func (n *Namespace) AddPending(p Pending) error {
	if err := MakeDir(n.pendingDir()); err != nil {
		return err
	}
	data, err := json.Marshal(p)
	if err != nil {
		return err
	}
	name := fmt.Sprintf("%d-%d", time.Now().UnixNano(), os.Getpid())
	return replace(filepath.Join(n.pendingDir(), name), data, recordMode, false)
}

// TakePending calls do with every note and removes those that it has done.
func (n *Namespace) TakePending(do func(Pending) error) error {
	entries, err := os.ReadDir(n.pendingDir())
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	}
	var errs []error
	for _, e := range entries {
		if e.Name()[0] == '.' {
			continue // still being written
		}
		path := filepath.Join(n.pendingDir(), e.Name())
		data, err := os.ReadFile(path)
		p := Pending{}
		if err == nil && json.Unmarshal(data, &p) == nil {
			err = do(p)
		}
		if err == nil {
			err = Remove(path)
		}
		errs = append(errs, err)
	}
	return errors.Join(append(errs, Remove(n.pendingDir()))...)
}
