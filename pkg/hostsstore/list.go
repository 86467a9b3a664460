package hostsstore

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/etcfiles/etcfiles/pkg/safefile"
)

// directories lists the directories in a directory, sorted; none if that is not there.
func directories(path string) ([]string, error) {
	entries, err := os.ReadDir(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var list []string
	for _, e := range entries {
		if e.IsDir() {
			list = append(list, e.Name())
		}
	}
	return list, err
}

// removeEntries removes those entries of a directory, as safefile.Remove does, for which which returns true; none if it is not there.
func removeEntries(dir string, which func(e fs.DirEntry) bool) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, e := range entries {
		if which(e) {
			err = errors.Join(err, safefile.Remove(filepath.Join(dir, e.Name())))
		}
	}
	return err
}

// IDs lists the containers that have a directory in the store, sorted.
func (n *Namespace) IDs() ([]string, error) { return directories(n.RecordsDir()) }

// Listed returns those of the IDs that IDs has, and those that it has not.
func (n *Namespace) Listed(ids []string) (listed, missing []string, err error) {
	for _, id := range ids {
		info, err := os.Lstat(filepath.Join(n.RecordsDir(), id))
		switch {
		case err == nil && info.IsDir():
			listed = append(listed, id)
		case err == nil, errors.Is(err, fs.ErrNotExist):
			missing = append(missing, id)
		default:
			return nil, nil, err
		}
	}
	return listed, missing, nil
}

// Networks lists the networks that have a directory, sorted.
func (n *Namespace) Networks() ([]string, error) { return directories(n.networksDir()) }

// Namespaces lists the namespaces of the data directory that may have a container, sorted.
func (d Dir) Namespaces() ([]string, error) { return directories(d.Namespace("").RecordsDir()) }

// AllNamespaces lists every namespace that has a directory anywhere in the data directory, sorted. The error is
// fs.ErrNotExist when there is no data directory.
func (d Dir) AllNamespaces() ([]string, error) {
	if _, err := os.ReadDir(string(d)); err != nil {
		return nil, err
	}
	var names []string
	for _, dir := range d.Namespace("x").dirs() {
		list, err := directories(filepath.Dir(dir))
		if err != nil {
			return nil, err
		}
		names = append(names, list...)
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// dirs returns the directories of the namespace.
func (n *Namespace) dirs() []string {
	return []string{n.RecordsDir(), n.ContainersDir(), n.networksDir(), n.indexDir(), n.keptDir(), n.pendingDir()}
}

// Exists reports whether the namespace may have a container or a lock: false means that there is nothing at all to be
// taken out of it.
func (n *Namespace) Exists() bool { return exists(n.RecordsDir()) }

// exists reports whether there is anything at path, also where it cannot be seen what.
func exists(path string) bool {
	_, err := os.Lstat(path)
	return !errors.Is(err, fs.ErrNotExist)
}

// Has reports whether the store has anything of a container: a directory, or a note of keepFiles.
func (n *Namespace) Has(id string) (bool, error) {
	for _, path := range append(n.ownDirs(id), n.keptPath(id)) {
		_, err := os.Lstat(path)
		if err == nil {
			return true, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return false, err
		}
	}
	return false, nil
}

// Corrupt returns the path of a record that PutAside has taken out of the way, and false if there is none.
func (n *Namespace) Corrupt(id string) (string, bool) {
	path := filepath.Join(n.RecordsDir(), id, corruptFile)
	return path, exists(path)
}

// HasCaches reports whether the namespace has a directory for its index: an operation runs, was killed, or has left one.
func (n *Namespace) HasCaches() bool {
	info, err := os.Stat(n.indexDir())
	return err == nil && info.IsDir()
}
