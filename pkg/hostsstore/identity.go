package hostsstore

import (
	"errors"

	"golang.org/x/sys/unix"
)

// MountNamespace identifies the mount namespace of this process, 0 if that is unknown.
func MountNamespace() uint64 {
	var st unix.Stat_t
	if unix.Stat("/proc/self/ns/mnt", &st) != nil {
		return 0
	}
	return st.Ino
}

// Identify returns the identity of the network namespace at path; what is not there or no namespace has none.
func Identify(path string) Netns {
	id := Netns{Path: path, MountNamespace: MountNamespace()}
	var st unix.Stat_t
	var fsType unix.Statfs_t
	if unix.Stat(path, &st) == nil && unix.Statfs(path, &fsType) == nil && fsType.Type == unix.NSFS_MAGIC {
		id.Device, id.Inode = st.Dev, st.Ino
	}
	return id
}

// IsNetns reports whether a path leads to a network namespace. The error is one of the file system.
func IsNetns(path string) (bool, error) {
	var fsType unix.Statfs_t
	if err := unix.Statfs(path, &fsType); err != nil {
		return false, err
	}
	if fsType.Type != unix.NSFS_MAGIC {
		return false, nil
	}
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return false, err
	}
	defer func() { _ = unix.Close(fd) }()
	kind, err := unix.IoctlRetInt(fd, unix.NS_GET_NSTYPE)
	return err == nil && kind == unix.CLONE_NEWNET, nil
}

// Same reports whether two paths lead to one network namespace.
func Same(a, b string) bool {
	x, y := Identify(a), Identify(b)
	return x.Inode != 0 && x.Device == y.Device && x.Inode == y.Inode
}

// Gone reports that the network namespace is certainly no more: its path, seen from the same mount namespace as
// before, leads nowhere or to another one.
func (id Netns) Gone(mountNamespace uint64) bool {
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

// Same reports whether two identities are of one network namespace, as processes of one mount namespace see it.
func (id Netns) Same(other Netns) bool {
	id.UserNamespace, other.UserNamespace = 0, 0
	return id == other
}
