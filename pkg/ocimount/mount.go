package ocimount

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// bindMount mounts the file over the target, both opened with O_PATH, without looking up a path again. The mount is
// private: nothing that is mounted over it later reaches another namespace.
func bindMount(source, target *os.File, readonly bool) error {
	fd, err := unix.OpenTree(int(source.Fd()), "", unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC|unix.AT_EMPTY_PATH)
	if err != nil {
		return fmt.Errorf("open_tree: %w", err)
	}
	tree := os.NewFile(uintptr(fd), source.Name())
	defer tree.Close()
	attr := unix.MountAttr{Propagation: unix.MS_PRIVATE}
	if readonly {
		attr.Attr_set = unix.MOUNT_ATTR_RDONLY
	}
	err = unix.MountSetattr(fd, "", unix.AT_EMPTY_PATH, &attr)
	before5_12 := errors.Is(err, unix.ENOSYS)
	if err != nil && !before5_12 {
		return fmt.Errorf("mount_setattr: %w", err)
	}
	if err := unix.MoveMount(fd, "", int(target.Fd()), "", unix.MOVE_MOUNT_F_EMPTY_PATH|unix.MOVE_MOUNT_T_EMPTY_PATH); err != nil {
		return fmt.Errorf("move_mount: %w", err)
	}
	if before5_12 {
		return remount(tree, readonly)
	}
	return nil
}

// remount makes an attached mount private and, if asked for, read-only: what mount_setattr(2) does before a mount is attached. In a user
// namespace no other attribute of the mount may be lost by that.
func remount(tree *os.File, readonly bool) error {
	path := fmt.Sprintf("/proc/self/fd/%d", tree.Fd())
	if err := unix.Mount("", path, "", unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make the mount private: %w", err)
	}
	if !readonly {
		return nil
	}
	var st unix.Statfs_t
	if err := unix.Fstatfs(int(tree.Fd()), &st); err != nil {
		return fmt.Errorf("statfs: %w", err)
	}
	flags := uintptr(unix.MS_REMOUNT | unix.MS_BIND | unix.MS_RDONLY)
	for set, flag := range map[int64]uintptr{
		unix.ST_NOSUID: unix.MS_NOSUID, unix.ST_NODEV: unix.MS_NODEV, unix.ST_NOEXEC: unix.MS_NOEXEC,
		unix.ST_NOATIME: unix.MS_NOATIME, unix.ST_NODIRATIME: unix.MS_NODIRATIME, unix.ST_RELATIME: unix.MS_RELATIME,
	} {
		if int64(st.Flags)&set != 0 {
			flags |= flag
		}
	}
	if err := unix.Mount("", path, "", flags, ""); err != nil {
		return fmt.Errorf("make the mount read-only: %w", err)
	}
	return nil
}
