package hostsstore

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/etcfiles/etcfiles/pkg/safefile"
)

// A container whose root is root here can make its files setuid, for whoever reaches them to run. So nobody else may walk to them. Root of
// a user namespace has to, when createContainer mounts them, and there setuid gives nobody anything.

// OwnDirMode returns the permission bits of the container's own directories. Those of a record of an earlier version, which does not
// know the user namespace, stay as that made them.
func (n *Namespace) OwnDirMode(r *Record) fs.FileMode {
	if r.Etcfiles != nil && r.Etcfiles.Owner == nil && n.OwnUser(r.Etcfiles.Netns) {
		return privateMode
	}
	return walkedMode
}

// MakeOwnDir is Dir.MakeDir for one of the container's own directories.
func (n *Namespace) MakeOwnDir(path string, r *Record) error {
	return n.dir.makeDir(path, n.OwnDirMode(r))
}

// ownDirs returns the paths of the container's own directories.
func (n *Namespace) ownDirs(id string) []string {
	return []string{filepath.Dir(n.HostsPath(id)), filepath.Dir(n.HostnamePath(id))}
}

// UnfitDirs returns those of the container's own directories that are there with the other of the two modes which etcfiles gives them. The error is
// ENOTDIR if something else has their place.
func (n *Namespace) UnfitDirs(r *Record) ([]string, error) {
	var unfit []string
	for _, dir := range n.ownDirs(r.ID) {
		info, err := os.Lstat(dir)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil && !info.IsDir() {
			err = safefile.CheckDir(dir)
		}
		if err != nil {
			return nil, err
		}
		if mode := info.Mode().Perm(); mode != n.OwnDirMode(r) && (mode == walkedMode || mode == privateMode) {
			unfit = append(unfit, dir)
		}
	}
	return unfit, nil
}

// FitDirs gives such directories the mode that the record asks for. One that a runtime keeps files of its own in stays as private as
// that has made it.
func (n *Namespace) FitDirs(unfit []string, r *Record) error {
	var errs []error
	for _, dir := range unfit {
		mode := n.OwnDirMode(r)
		if mode == walkedMode {
			files, err := os.ReadDir(dir)
			if err != nil {
				errs = append(errs, err)
				continue
			}
			if slices.ContainsFunc(files, func(f fs.DirEntry) bool { return !slices.Contains(ownFiles, f.Name()) }) {
				continue
			}
		}
		errs = append(errs, os.Chmod(dir, mode))
	}
	return errors.Join(errs...)
}

// ownFiles are what etcfiles keeps in a container's own directories.
var ownFiles = []string{HostsFile, HostnameFile, ResolvConfFile, recordFile, netnsFile, inheritedFile, leavingFile, corruptFile}
