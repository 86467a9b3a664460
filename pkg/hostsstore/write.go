package hostsstore

import (
	"errors"

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

// removeFile removes such a file, and what a process has left that was killed while it wrote it.
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
