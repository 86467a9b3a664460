package hostsstore

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/etcfiles/etcfiles/pkg/safefile"
)

// Pending is a DEL that did not get the lock in time and that the next holder of the lock does.
type Pending struct {
	ID      string
	IfName  string
	Network string
	Keep    bool  // leave the container's own three files
	Lives   Netns `json:",omitzero"` // where the container does, and may come back

	path string // of the note
}

// AddPending leaves a note. It needs no lock.
func (n *Namespace) AddPending(p Pending) error {
	data, err := json.Marshal(p)
	if err != nil {
		return err
	}
	if err := n.CheckDirs(); err != nil {
		return err
	}
	path := filepath.Join(n.pendingDir(), fmt.Sprintf("%d-%d", time.Now().UnixNano(), os.Getpid()))
	return n.dir.put(path, data)
}

// Pending returns the notes that are there, and an error for those that cannot be read. One that makes no sense is
// returned as a note about nothing.
func (n *Namespace) Pending() ([]Pending, error) {
	list, err := pendingIn(n.formerPendingDir())
	more, moreErr := pendingIn(n.pendingDir())
	return append(list, more...), errors.Join(err, moreErr)
}

func pendingIn(dir string) ([]Pending, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil || len(entries) > 0 {
		err = errors.Join(err, safefile.CheckDir(dir))
	}
	if err != nil {
		return nil, err
	}
	var errs []error
	var list []Pending
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if e.Name()[0] == '.' {
			errs = append(errs, removeUnfinished(path))
			continue
		}
		p, err := ReadPending(path)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		list = append(list, p)
	}
	return list, errors.Join(errs...)
}

// ReadPending reads the note at path. One that makes no sense is a note about nothing.
func ReadPending(path string) (Pending, error) {
	data, err := safefile.Read(path, maxRecord)
	if err != nil {
		return Pending{}, err
	}
	var p Pending
	if json.Unmarshal(data, &p) != nil {
		p = Pending{}
	}
	p.path = path
	return p, nil
}

// removeUnfinished removes a note that is still being written if its writer is gone. Where that cannot be told, since the
// writer is in another PID namespace, the writer begins anew.
func removeUnfinished(path string) error {
	if beingWritten(path) {
		return nil
	}
	return safefile.Remove(path)
}

// beingWritten reports whether the writer of an unfinished note lives.
func beingWritten(path string) bool {
	_, pid, _ := strings.Cut(strings.TrimSuffix(filepath.Base(path), ".new"), "-")
	n, err := strconv.Atoi(pid)
	return err == nil && !errors.Is(unix.Kill(n, 0), unix.ESRCH)
}

// ForgetPending removes notes that Pending returned, when the records say what the notes say.
func (n *Namespace) ForgetPending(done []Pending) error {
	if len(done) == 0 {
		return nil
	}
	var errs []error
	for _, p := range done {
		errs = append(errs, safefile.Remove(p.path))
	}
	return errors.Join(append(errs, safefile.Remove(n.formerPendingDir()), safefile.Remove(n.pendingDir()))...)
}
