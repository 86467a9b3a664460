package hostsstore

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/etcfiles/etcfiles/pkg/safefile"
)

// Kept remembers, after a DEL with keepFiles, what a later ADD or removal must know of a container's own files.
type Kept struct {
	Created    []string
	ResolvConf ResolvConf
	BootID     string            // of the DEL
	Digests    map[string]string // file to what it held, see digestFile
}

// keptPath returns the path of what keepFiles remembers of a container.
func (n *Namespace) keptPath(id string) string { return filepath.Join(n.keptDir(), id) }

// Keep leaves the note for a container, with the digests of its files. The note is synced, then the files: after a power cut
// a file that is not as the note says is damaged, but one without a note would pass for an engine's.
func (n *Namespace) Keep(id string, k Kept) error {
	k.Digests = map[string]string{}
	for _, file := range k.Created {
		digest, err := digestFile(n.OwnPath(id, file))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		k.Digests[file] = digest
	}
	path := n.keptPath(id)
	if err := n.dir.MakeDir(filepath.Dir(path)); err != nil {
		return err
	}
	data, err := json.Marshal(k)
	if err != nil {
		return err
	}
	if err := safefile.Replace(path, data, recordMode, true); err != nil {
		return err
	}
	var errs []error
	for file := range k.Digests {
		errs = append(errs, syncFile(n.OwnPath(id, file)))
	}
	return errors.Join(errs...)
}

// Kept returns the note for a container, and false if there is none.
func (n *Namespace) Kept(id string) (Kept, bool) {
	var k Kept
	data, err := safefile.Read(n.keptPath(id), maxRecord)
	return k, err == nil && json.Unmarshal(data, &k) == nil
}

// Left is what keepFiles has left of a container that has no record any more.
type Left struct {
	ID    string
	Files []string  // paths of those that are there
	Since time.Time // of the DEL
}

// Left lists what keepFiles has left, by ID.
func (n *Namespace) Left() ([]Left, error) {
	entries, err := os.ReadDir(n.keptDir())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var list []Left
	for _, e := range entries {
		info, err := e.Info()
		kept, ok := n.Kept(e.Name())
		if err != nil || !ok || exists(n.RecordPath(e.Name())) {
			continue
		}
		left := Left{ID: e.Name(), Since: info.ModTime()}
		for _, file := range kept.Created {
			if path := n.OwnPath(left.ID, file); path != "" && exists(path) {
				left.Files = append(left.Files, path)
			}
		}
		if len(left.Files) > 0 {
			list = append(list, left)
		}
	}
	return list, err
}

// RemoveDamaged removes those of the kept files that are no longer as Keep left them: after a power cut they may hold
// anything.
func (n *Namespace) RemoveDamaged(id string, k Kept) error {
	for file, want := range k.Digests {
		path := n.OwnPath(id, file)
		digest, err := digestFile(path)
		if err == nil && digest != want {
			err = safefile.Remove(path)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// ForgetKept removes the note for a container.
func (n *Namespace) ForgetKept(id string) error {
	return removeFile(n.keptPath(id))
}

// TidyKept removes notes that were never finished. Nobody may be writing one.
func (n *Namespace) TidyKept() error {
	return removeEntries(n.keptDir(), func(e fs.DirEntry) bool { return e.Name()[0] == '.' }) // no container's ID begins so
}

// digestFile returns the SHA-256, hexadecimal, of a file as far as records are read.
func digestFile(path string) (string, error) {
	f, err := safefile.Open(path, os.O_RDONLY, 0)
	if err != nil {
		return "", err
	}
	defer f.Close()
	hash := sha256.New()
	_, err = io.Copy(hash, io.LimitReader(f, maxRecord))
	return hex.EncodeToString(hash.Sum(nil)), err
}

func syncFile(path string) error {
	f, err := safefile.Open(path, os.O_RDONLY, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
