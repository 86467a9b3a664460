package hostsstore

import (
	"errors"

	"golang.org/x/sys/unix"
)

// MountNamespace identifies the mount namespace of this process, 0 if that is unknown.
func MountNamespace() uint64 {
	_, inode := inodeAt("/proc/self/ns/mnt")
	return inode
}

// inodeAt returns the device and inode that a path leads to, zeroes if they are unknown.
func inodeAt(path string) (device, inode uint64) {
	var st unix.Stat_t
	if unix.Stat(path, &st) != nil {
		return 0, 0
	}
	return st.Dev, st.Ino
}

// Identify returns the identity of the network namespace at path; what is not there or no namespace has none.
func Identify(path string) Netns {
	id := NamespaceAt(path)
	id.MountNamespace = MountNamespace()
	return id
}

// NamespaceAt is Identify without the mount namespace.
func NamespaceAt(path string) Netns {
	id := Netns{Path: path}
	var fsType unix.Statfs_t
	if unix.Statfs(path, &fsType) == nil && fsType.Type == unix.NSFS_MAGIC {
		id.Device, id.Inode = inodeAt(path)
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
func Same(a, b string) bool { return NamespaceAt(a).Is(NamespaceAt(b)) }

// Is reports whether two identities are known to be of one network namespace, by whatever paths.
func (id Netns) Is(other Netns) bool {
	return id.Inode != 0 && id.Device == other.Device && id.Inode == other.Inode
}

// SeenFrom reports whether a network namespace is known by a path that leads to it in the mount namespace too, unless it is gone.
func (id Netns) SeenFrom(mountNamespace uint64) bool {
	return id.Inode != 0 && id.MountNamespace == mountNamespace && mountNamespace != 0
}

// Gone reports that the network namespace is certainly no more: its path, seen from the same mount namespace as
// before, leads nowhere or to another one.
func (id Netns) Gone(mountNamespace uint64) bool {
	if !id.SeenFrom(mountNamespace) {
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
