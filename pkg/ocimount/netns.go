package ocimount

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/etcfiles/etcfiles/pkg/safefile"
)

// netns identifies a network namespace; its zero value is one that is not known.
type netns struct{ Device, Inode uint64 }

// ownNetns is the network namespace of this process, which at createContainer is that of the container.
const ownNetns = "/proc/thread-self/ns/net"

// netnsAt identifies the network namespace at path.
func netnsAt(path string) (netns, error) {
	var st unix.Stat_t
	var fsType unix.Statfs_t
	err := unix.Stat(path, &st)
	if err == nil {
		err = unix.Statfs(path, &fsType)
	}
	if err == nil && fsType.Type != unix.NSFS_MAGIC {
		err = errors.New("not a network namespace")
	}
	if err != nil {
		return netns{}, &os.PathError{Op: "stat", Path: path, Err: err}
	}
	return netns{st.Dev, st.Ino}, nil
}

// Bounds of what is read of the store.
const (
	maxRecord = 16 << 20
	maxNetns  = 64
)

// recordedNetns returns the network namespace with which the container was added, the zero value if the store does not say: a
// record that is not etcfiles' own, files without a record. Root of a user namespace may not read the record, so beside it
// there is the file netns, which records of earlier versions lack.
func recordedNetns(dataDir *os.File, d storeDir) (netns, error) {
	var record struct{ Etcfiles struct{ Netns netns } }
	text, err := readSource(dataDir, filepath.Join("etchosts", d.namespace, d.id, "meta.json"), maxRecord)
	if err != nil && !errors.Is(err, os.ErrPermission) {
		return netns{}, err
	}
	if json.Unmarshal(text, &record) == nil && record.Etcfiles.Netns.Inode != 0 {
		return record.Etcfiles.Netns, nil
	}
	text, err = readSource(dataDir, filepath.Join("etchosts", d.namespace, d.id, "netns"), maxNetns)
	if err != nil {
		return netns{}, err
	}
	var id netns
	if _, err := fmt.Sscanf(string(text), "%d %d\n", &id.Device, &id.Inode); err != nil {
		return netns{}, nil
	}
	return id, nil
}

// readSource reads a regular file below the data directory; one that is absent is empty.
func readSource(dataDir *os.File, path string, limit int64) ([]byte, error) {
	held, err := openSource(dataDir, path)
	if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ENAMETOOLONG) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer held.Close()
	data, err := safefile.ReadHeld(held, limit)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Join(dataDir.Name(), path), err)
	}
	return data, nil
}
