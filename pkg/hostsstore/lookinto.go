package hostsstore

import (
	"errors"
	"io/fs"

	"github.com/containernetworking/plugins/pkg/ns"
	"golang.org/x/sys/unix"

	"github.com/etcfiles/etcfiles/pkg/safefile"
)

// LookInto identifies the network namespace at path, with the user namespace that owns it, and reports whether it has no ::1. What is
// not there, or no namespace, has no identity, and is taken to have ::1.
func LookInto(path string) (id Netns, noIPv6 bool) {
	id = Netns{Path: path, MountNamespace: MountNamespace()}
	open, err := ns.GetNS(path)
	if err != nil {
		return id, false
	}
	defer func() { _ = open.Close() }()
	fd := int(open.Fd())
	var st unix.Stat_t
	if unix.Fstat(fd, &st) != nil {
		return id, false
	}
	device, inode := userNamespaceOf(fd)
	if device == st.Dev {
		id.UserNamespace = inode
	}
	if id.UserNamespace != 0 || isNamespace(fd) {
		id.Device, id.Inode = st.Dev, st.Ino
	}
	return id, !loopbackHasIPv6(open)
}

// isNamespace reports whether an open file is a namespace, where that has not answered as one.
func isNamespace(fd int) bool {
	var fsType unix.Statfs_t
	return unix.Fstatfs(fd, &fsType) == nil && fsType.Type == unix.NSFS_MAGIC
}

// loopbackHasIPv6 reports whether ::1 exists in a network namespace.
func loopbackHasIPv6(netns ns.NetNS) bool {
	has := true
	err := netns.Do(func(ns.NetNS) error {
		for _, conf := range []string{"all", "lo"} {
			value, err := safefile.ReadKernel("/proc/sys/net/ipv6/conf/" + conf + "/disable_ipv6")
			if errors.Is(err, fs.ErrNotExist) || value == "1" {
				has = false
			}
		}
		return nil
	})
	return err != nil || has
}
