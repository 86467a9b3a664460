package etcfiles

import (
	"errors"
	"io/fs"
	"os"
	"strings"

	"github.com/containernetworking/plugins/pkg/ns"
	"golang.org/x/sys/unix"

	"github.com/etcfiles/etcfiles/pkg/hostsstore"
)

// mountNamespace identifies the mount namespace of this process, 0 if that is unknown.
func mountNamespace() uint64 {
	var st unix.Stat_t
	if unix.Stat("/proc/self/ns/mnt", &st) != nil {
		return 0
	}
	return st.Ino
}

// identify returns the identity of the network namespace at path; what is not there or no namespace has none.
func identify(path string) hostsstore.Netns {
	id := hostsstore.Netns{Path: path, MountNamespace: mountNamespace()}
	var st unix.Stat_t
	var fsType unix.Statfs_t
	if unix.Stat(path, &st) == nil && unix.Statfs(path, &fsType) == nil && fsType.Type == unix.NSFS_MAGIC {
		id.Device, id.Inode = st.Dev, st.Ino
	}
	return id
}

// gone reports that the network namespace is certainly no more: its path, seen from the same mount namespace as
// before, leads nowhere or to another one.
func gone(id hostsstore.Netns, mountNamespace uint64) bool {
	if id.Inode == 0 || id.MountNamespace != mountNamespace || mountNamespace == 0 {
		return false
	}
	var st unix.Stat_t
	err := unix.Stat(id.Path, &st)
	if err != nil {
		return errors.Is(err, unix.ENOENT)
	}
	return st.Dev != id.Device || st.Ino != id.Inode
}

// loopbackHasIPv6 reports whether ::1 exists in the network namespace at path.
func loopbackHasIPv6(path string) bool {
	has := true
	err := ns.WithNetNSPath(path, func(ns.NetNS) error {
		for _, conf := range []string{"all", "lo"} {
			b, err := os.ReadFile("/proc/sys/net/ipv6/conf/" + conf + "/disable_ipv6")
			if errors.Is(err, fs.ErrNotExist) || strings.TrimSpace(string(b)) == "1" {
				has = false
			}
		}
		return nil
	})
	return err != nil || has
}
