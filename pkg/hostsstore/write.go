package hostsstore

import (
	"errors"
	"io/fs"
	"path/filepath"

	"github.com/etcfiles/etcfiles/pkg/safefile"
)

// Permission bits of files: of those that containers and DNS servers read, and of those that etcfiles alone does.
const (
	fileMode   = 0o644
	recordMode = 0o600
)

// WriteFile puts a file of the store that others read in place, see safefile.Replace. It is for files that nobody has
// mounted yet or that can be made again: nothing is synced.
func WriteFile(path string, data []byte) error {
	return safefile.Replace(path, data, fileMode, false)
}

// put puts a file that etcfiles alone reads in place, in a directory that somebody else may remove between the two calls.
func (d Dir) put(path string, data []byte) (err error) {
	for range 3 {
		if err = d.MakeDir(filepath.Dir(path)); err == nil {
			err = safefile.Replace(path, data, recordMode, false)
		}
		if !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	return err
}

// removeFile removes a file that was put in place, and what a process has left that was killed while it wrote it.
func removeFile(path string) error {
	return errors.Join(safefile.Remove(safefile.Temporary(path)), safefile.Remove(path))
}

// AccessOf returns who may do what with the files of a container that others read: those of a network where the owner is nil.
func AccessOf(owner *Owner) safefile.Access {
	a := safefile.Access{Mode: fileMode}
	if owner != nil {
		a.Owner = *owner
	}
	return a
}
