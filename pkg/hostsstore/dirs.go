package hostsstore

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/etcfiles/etcfiles/pkg/safefile"
)

// MakeDir makes a directory of the data directory, and its parents, with the mode of its place whatever the umask is. Those
// that are there keep their mode.
func (d Dir) MakeDir(path string) error { return d.makeDir(path, d.dirMode(path)) }

func (d Dir) makeDir(path string, mode fs.FileMode) error {
	err := os.Mkdir(path, mode)
	switch {
	case errors.Is(err, fs.ErrExist):
		return safefile.CheckDir(path)
	case errors.Is(err, fs.ErrNotExist):
		if err := d.makeParent(path); err != nil {
			return err
		}
		if err := os.Mkdir(path, mode); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	case err != nil:
		return err
	}
	return os.Chmod(path, mode)
}

// makeParent makes the parents of path. One that is there already may be a link to a directory, as /var/lib may be.
func (d Dir) makeParent(path string) error {
	parent := filepath.Dir(path)
	if info, err := os.Stat(parent); err == nil && info.IsDir() {
		return nil
	}
	return d.MakeDir(parent)
}

// CheckDirs refuses a store in which the place of a directory of this namespace is taken.
func (n *Namespace) CheckDirs() error {
	var errs []error
	for _, dir := range n.dirs() {
		exists, err := safefile.DirExists(filepath.Dir(dir))
		if exists {
			err = safefile.CheckDir(dir)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// checkContainer refuses a container whose directories are something else.
func (n *Namespace) checkContainer(id string) error {
	var errs []error
	for _, dir := range n.ownDirs(id) {
		errs = append(errs, safefile.CheckDir(dir))
	}
	return errors.Join(errs...)
}

// RemoveNetwork removes the hosts file of a network that has no container any more, and its directory.
func (n *Namespace) RemoveNetwork(network string) error {
	return removeWithDirs(n.NetworkPath(network))
}

// removeWithDirs removes a file of a network, and the directories of the network and of the namespace if nothing else is in them.
func removeWithDirs(path string) error {
	dir := filepath.Dir(path)
	if err := safefile.CheckDir(dir); err != nil {
		return err
	}
	return errors.Join(removeFile(path), safefile.Remove(dir), safefile.Remove(filepath.Dir(dir)))
}
