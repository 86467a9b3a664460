package hostsstore

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/etcfiles/etcfiles/pkg/safefile"
)

// Permission bits of directories. Whoever can open a directory for reading can hold its lock, see flock(2), so others may
// only walk through those above and below a lock: a user-namespaced container reaches its files as another uid.
const (
	walkedMode  = 0o711 // dataDir, etchosts and containers
	listedMode  = 0o755 // networks: DNS servers that are not root list them; remote, which has the same; above dataDir, like any other directory
	privateMode = 0o700 // what etcfiles alone reads, and the files of a container whose root is root here
)

// dirMode returns the permission bits of the directory at path when etcfiles makes it.
func (d Dir) dirMode(path string) fs.FileMode {
	below, err := filepath.Rel(string(d), path)
	if err != nil {
		return walkedMode
	}
	switch place, _, _ := strings.Cut(below, "/"); place {
	case "..", "networks", "remote":
		return listedMode
	case "index", "kept", "pending":
		return privateMode
	}
	return walkedMode
}

// Modernize brings what an earlier version has made to what this one makes: directories that anybody could open, and
// records without a netns file. It does so once, before the mode of <dataDir>/containers/<NS> says that it is done, and is
// called under the lock, which has shut the directories of the lock already. It does all that it can and returns every error.
func (n *Namespace) Modernize() error {
	if n.dir.excess(n.ContainersDir()) == 0 {
		return nil
	}
	errs := []error{safefile.Remove(filepath.Join(n.indexDir(), offsetsFile))}
	for _, dir := range []string{n.indexDir(), n.keptDir(), n.pendingDir(), n.formerPendingDir()} {
		errs = append(errs, n.dir.shut(filepath.Dir(dir)), n.dir.shut(dir))
	}
	for _, parent := range []string{n.RecordsDir(), n.ContainersDir()} {
		ids, err := directories(parent)
		errs = append(errs, err)
		for _, id := range ids {
			errs = append(errs, n.dir.shut(filepath.Join(parent, id)))
		}
	}
	ids, err := n.IDs()
	errs = append(errs, err)
	for _, id := range ids {
		if r, err := n.ReadRecord(id); err == nil {
			unfit, err := n.UnfitDirs(r)
			errs = append(errs, err, n.FitDirs(unfit, r), n.WriteBeside(r))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	return n.dir.shut(n.ContainersDir())
}

// shutLock keeps others from opening the directory of the lock and those above it.
func (n *Namespace) shutLock() error {
	errs := []error{
		n.dir.shut(n.RecordsDir()), n.dir.shut(filepath.Dir(n.RecordsDir())), n.dir.shut(filepath.Dir(n.ContainersDir())),
	}
	if n.dir.excess(string(n.dir)) != 0 && n.dir.ours() {
		errs = append(errs, n.dir.shut(string(n.dir)))
	}
	return errors.Join(errs...)
}

// excess returns the permission bits that the directory at path gives to others and that it would not be made with; none if
// there is no directory.
func (d Dir) excess(path string) fs.FileMode {
	info, err := os.Lstat(path)
	if err != nil || !info.IsDir() {
		return 0
	}
	return info.Mode().Perm() &^ d.dirMode(path) & 0o077
}

// shut takes the excess from the directory at path. It gives nothing: a runtime that shares the store has made its
// directories as private as it likes.
func (d Dir) shut(path string) error {
	excess := d.excess(path)
	if excess == 0 {
		return nil
	}
	info, err := os.Lstat(path)
	if err == nil {
		err = os.Chmod(path, info.Mode()&^excess)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// ours reports whether the data directory has only what etcfiles makes: the mode of one that it shares is not its own
// to say. A file system of its own has a lost+found.
func (d Dir) ours() bool {
	entries, err := os.ReadDir(string(d))
	return err == nil && !slices.ContainsFunc(entries, func(e fs.DirEntry) bool {
		return !slices.Contains([]string{"containers", "counters", "etchosts", "index", "kept", "lost+found", "networks", "pending", "remote"}, e.Name())
	})
}
