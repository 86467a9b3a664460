package ocimount

import (
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
	if err := unix.MountSetattr(fd, "", unix.AT_EMPTY_PATH, &attr); err != nil {
		return fmt.Errorf("mount_setattr: %w", err)
	}
	if err := unix.MoveMount(fd, "", int(target.Fd()), "", unix.MOVE_MOUNT_F_EMPTY_PATH|unix.MOVE_MOUNT_T_EMPTY_PATH); err != nil {
		return fmt.Errorf("move_mount: %w", err)
	}
	return nil
}

// cloneWritable returns a view of the directory's mount that is mounted nowhere, and not read-only even if the mount is. The
// view ends with the descriptor. It needs power over the mount; a read-only file system stays so.
func cloneWritable(dir *os.File) (*os.File, error) {
	fd, err := unix.OpenTree(int(dir.Fd()), "", unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC|unix.AT_EMPTY_PATH)
	if err != nil {
		return nil, fmt.Errorf("open_tree: %w", err)
	}
	view := os.NewFile(uintptr(fd), dir.Name())
	if err := unix.MountSetattr(fd, "", unix.AT_EMPTY_PATH, &unix.MountAttr{Attr_clr: unix.MOUNT_ATTR_RDONLY}); err != nil {
		view.Close()
		return nil, fmt.Errorf("mount_setattr: %w", err)
	}
	return view, nil
}

// mountID returns the ID of the mount that the file is on, and whether the file is the root of that mount.
func mountID(f *os.File) (id uint64, isRoot bool, err error) {
	var st unix.Statx_t
	if err := unix.Statx(int(f.Fd()), "", unix.AT_EMPTY_PATH, unix.STATX_MNT_ID, &st); err != nil {
		return 0, false, fmt.Errorf("statx: %w", err)
	}
	return st.Mnt_id, st.Attributes&unix.STATX_ATTR_MOUNT_ROOT != 0, nil
}
