package hostsstore

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// IndexDir returns <dataDir>/index, which has a directory for each namespace with a container of this boot.
func (d Dir) IndexDir() string { return filepath.Join(string(d), "index") }

// StatIndex returns the identity of the index, which every operation that changes something replaces as its last act. The
// error is fs.ErrNotExist while an operation runs, after one that was killed, and when the namespace has no container.
func (n *Namespace) StatIndex() (FileID, error) {
	var st unix.Stat_t
	if err := unix.Lstat(n.indexPath(), &st); err != nil {
		return FileID{}, err
	}
	return FileID{st.Ino, st.Size, st.Ctim.Nano()}, nil
}

// HasCaches reports whether the namespace has a directory for its index: an operation runs, was killed, or has left one.
func (n *Namespace) HasCaches() bool {
	info, err := os.Stat(n.indexDir())
	return err == nil && info.IsDir()
}

// Corrupt returns the path of a record that PutAside has taken out of the way, and false if there is none.
func (n *Namespace) Corrupt(id string) (string, bool) {
	path := filepath.Join(n.RecordsDir(), id, corruptFile)
	_, err := os.Lstat(path)
	return path, !errors.Is(err, fs.ErrNotExist)
}
