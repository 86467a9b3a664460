package hostsstore

import (
	"errors"
	"io/fs"
	"runtime"

	"golang.org/x/sys/unix"

	"github.com/etcfiles/etcfiles/pkg/safefile"
)

// LookInto identifies the network namespace at path, with the user namespace that owns it, and reports whether it has no ::1. What is
// not there, or no namespace, has no identity, and is taken to have ::1.
func LookInto(path string) (id Netns, noIPv6 bool) {
	id = Netns{Path: path, MountNamespace: MountNamespace()}
	fd, err := openNamespace(path)
	if err != nil {
		return id, false
	}
	defer func() { _ = unix.Close(fd) }()
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
	return id, !loopbackHasIPv6(fd)
}

// openNamespace opens what may be a namespace: it is not opened before it is known to be on a file system that has some.
func openNamespace(path string) (fd int, err error) {
	var fsType unix.Statfs_t
	if err := unix.Statfs(path, &fsType); err != nil {
		return -1, err
	}
	if fsType.Type != unix.NSFS_MAGIC {
		return -1, unix.EINVAL
	}
	return unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
}

// isNamespace reports whether an open file is a namespace, where that has not answered as one.
func isNamespace(fd int) bool {
	var fsType unix.Statfs_t
	return unix.Fstatfs(fd, &fsType) == nil && fsType.Type == unix.NSFS_MAGIC
}

// loopbackHasIPv6 reports whether ::1 exists in a network namespace.
func loopbackHasIPv6(netns int) bool {
	has := true
	err := inside(netns, func() {
		for _, conf := range []string{"all", "lo"} {
			value, err := safefile.ReadKernel("/proc/sys/net/ipv6/conf/" + conf + "/disable_ipv6")
			if errors.Is(err, fs.ErrNotExist) || value == "1" {
				has = false
			}
		}
	})
	return err != nil || has
}

// inside calls do in a network namespace that is open, on a thread that ends if it cannot go back to its own. It makes half the system
// calls of the package ns of CNI's plugins, since a container's start pays for each.
func inside(netns int, do func()) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread()
		own, err := unix.Open("/proc/thread-self/ns/net", unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err == nil {
			if err = unix.Setns(netns, unix.CLONE_NEWNET); err == nil {
				do()
				if unix.Setns(own, unix.CLONE_NEWNET) == nil {
					runtime.UnlockOSThread()
				}
			}
			_ = unix.Close(own)
		}
		done <- err
	}()
	return <-done
}
