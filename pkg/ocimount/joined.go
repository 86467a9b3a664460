package ocimount

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"github.com/etcfiles/etcfiles/pkg/safefile"
)

// owner finds the container whose network namespace is the given one, for a container that joins it and that the store does not know by an
// ID of its own. Inodes of network namespaces are used again, so the namespace must still be where the container was added with it. The
// error is os.ErrPermission for root of a user namespace, who may not list the store.
func owner(dataDir, namespace string, own netns) (storeDir, bool, error) {
	records, err := openat2At(dataDir, "etchosts")
	if errors.Is(err, os.ErrNotExist) {
		return storeDir{}, false, nil
	}
	if err != nil {
		return storeDir{}, false, err
	}
	defer records.Close()
	namespaces := []string{namespace}
	if namespace == "" {
		if namespaces, err = records.Readdirnames(-1); err != nil {
			return storeDir{}, false, err
		}
	}
	slices.Sort(namespaces)
	var found storeDir
	var since time.Time
	for _, name := range namespaces {
		ids, err := netnsIn(records, name, own)
		if err != nil {
			return storeDir{}, false, err
		}
		for _, id := range ids {
			added := addedWith(records, filepath.Join(name, id, "meta.json"), own)
			if !added.IsZero() && (found.id == "" || added.Before(since)) {
				found, since = storeDir{namespace: name, id: id}, added
			}
		}
	}
	return found, found.id != "", nil
}

// openat2At opens a directory below the data directory for listing it.
func openat2At(dataDir, path string) (*os.File, error) {
	dir, err := os.OpenFile(dataDir, unix.O_PATH|unix.O_DIRECTORY, 0)
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	return safefile.OpenIn(dir, path, unix.O_RDONLY|unix.O_DIRECTORY, unix.RESOLVE_BENEATH|unix.RESOLVE_NO_SYMLINKS)
}

// netnsIn returns the IDs in a namespace of the store whose netns file names the network namespace.
func netnsIn(records *os.File, namespace string, own netns) ([]string, error) {
	dir, err := safefile.OpenIn(records, namespace, unix.O_RDONLY|unix.O_DIRECTORY, unix.RESOLVE_BENEATH|unix.RESOLVE_NO_SYMLINKS)
	if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ENOTDIR) || errors.Is(err, unix.ELOOP) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", namespace, err)
	}
	defer dir.Close()
	all, err := dir.Readdirnames(-1)
	if err != nil {
		return nil, err
	}
	var ids []string
	text := make([]byte, maxNetns)
	want := fmt.Sprintf("%d %d\n", own.Device, own.Inode)
	// What is a FIFO or a device is not waited for; it cannot have this text.
	how := &unix.OpenHow{
		Flags:   unix.O_RDONLY | unix.O_NONBLOCK | unix.O_NOCTTY | unix.O_CLOEXEC,
		Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS | unix.RESOLVE_NO_MAGICLINKS,
	}
	at := int(dir.Fd())
	for _, id := range all {
		fd, err := unix.Openat2(at, id+"/netns", how) // an os.File would cost as much again
		if err != nil {
			continue
		}
		n, _ := unix.Read(fd, text)
		_ = unix.Close(fd)
		if n > 0 && string(text[:n]) == want {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids, nil
}

// addedWith returns when the container with the record was added, the zero time if it was not with the network namespace or if that is no
// longer where it was.
func addedWith(records *os.File, path string, own netns) time.Time {
	var record struct {
		Etcfiles struct {
			Netns struct {
				netns
				Path string
			}
			Attachments []struct{ Since time.Time }
		}
	}
	text, err := readSource(records, path, maxRecord)
	if err != nil || json.Unmarshal(text, &record) != nil || record.Etcfiles.Netns.netns != own || len(record.Etcfiles.Attachments) == 0 {
		return time.Time{}
	}
	if now, err := netnsAt(record.Etcfiles.Netns.Path); err != nil || now != own {
		return time.Time{}
	}
	return record.Etcfiles.Attachments[0].Since
}
