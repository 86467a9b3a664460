package hostsstore

import (
	"errors"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// userNamespaceOf returns the device and inode of the user namespace that owns an open namespace, zeroes where the kernel
// does not tell: it shows to nobody a user namespace around their own.
func userNamespaceOf(namespace int) (device, inode uint64) {
	fd, err := openUserNamespace(namespace)
	if err != nil {
		return 0, 0
	}
	defer func() { _ = unix.Close(fd) }()
	var st unix.Stat_t
	if unix.Fstat(fd, &st) != nil {
		return 0, 0
	}
	return st.Dev, st.Ino
}

// openUserNamespace opens the user namespace that owns an open namespace, see ioctl_ns(2).
func openUserNamespace(namespace int) (int, error) {
	return unix.IoctlRetInt(namespace, unix.NS_GET_USERNS)
}

// ownUserNamespace identifies the user namespace of this process, zeroes if that is unknown. All namespaces are on one device.
func ownUserNamespace() (device, inode uint64) { return inodeAt("/proc/self/ns/user") }

// OwnUser reports whether a network namespace is known to belong to the user namespace of this process: then root in it is root
// here.
func (n *Namespace) OwnUser(id Netns) bool {
	if id.UserNamespace == 0 {
		return false
	}
	device, inode := n.userNamespace()
	return id.Device == device && id.UserNamespace == inode
}

// RootOf returns who here is root of the user namespace that owns the network namespace at path: nil where the kernel does not say, or
// where that is root here. It asks how a directory of root's looks from there, the first that exists of the data directory and those above it, by a
// mount of it that nobody sees, see mount_setattr(2) MOUNT_ATTR_IDMAP: Linux 5.12 and a file system that knows such mounts.
func (d Dir) RootOf(path string) *Owner {
	netns, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil
	}
	defer func() { _ = unix.Close(netns) }()
	user, err := openUserNamespace(netns)
	if err != nil {
		return nil
	}
	defer func() { _ = unix.Close(user) }()
	for dir := string(d); ; dir = filepath.Dir(dir) {
		tree, err := unix.OpenTree(unix.AT_FDCWD, dir, unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC)
		if err == nil {
			defer func() { _ = unix.Close(tree) }()
			return rootOf(user, tree)
		}
		if !errors.Is(err, unix.ENOENT) || dir == filepath.Dir(dir) {
			return nil
		}
	}
}

func rootOf(user, tree int) *Owner {
	var here, there unix.Stat_t
	attr := unix.MountAttr{Attr_set: unix.MOUNT_ATTR_IDMAP, Userns_fd: uint64(user)}
	if unix.Fstat(tree, &here) != nil || here.Uid != 0 || here.Gid != 0 ||
		unix.MountSetattr(tree, "", unix.AT_EMPTY_PATH, &attr) != nil || unix.Fstat(tree, &there) != nil {
		return nil
	}
	owner := Owner{UID: there.Uid, GID: there.Gid}
	if owner == (Owner{}) || owner.UID == nobody || owner.GID == nobody {
		return nil
	}
	return &owner
}

// nobody stands for who is not mapped, see user_namespaces(7): the value that /proc/sys/kernel/overflowuid has everywhere.
const nobody = 65534
