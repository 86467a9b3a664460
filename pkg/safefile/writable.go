package safefile

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"
)

// virtual are file systems, see statfs(2), that root may write, and in which nobody can make a file.
var virtual = []int64{
	unix.PROC_SUPER_MAGIC, unix.SYSFS_MAGIC, unix.CGROUP_SUPER_MAGIC, unix.CGROUP2_SUPER_MAGIC, unix.DEVPTS_SUPER_MAGIC,
	unix.DEBUGFS_MAGIC, unix.TRACEFS_MAGIC, unix.SECURITYFS_MAGIC, unix.SELINUX_MAGIC, unix.NSFS_MAGIC,
}

// CheckWritable looks whether this process could write into the directory, or make it in the nearest one above it that exists.
// With a full file system the error is ENOSPC.
func CheckWritable(dir string) error {
	for {
		var st unix.Stat_t
		err := unix.Stat(dir, &st)
		if errors.Is(err, unix.ENOENT) && dir != "/" {
			if unix.Lstat(dir, &st) == nil {
				return fmt.Errorf("%s is a link that leads nowhere", dir)
			}
			dir = filepath.Dir(dir)
			continue
		}
		if err != nil {
			return fmt.Errorf("%s: %w", dir, err)
		}
		if st.Mode&unix.S_IFMT != unix.S_IFDIR {
			return fmt.Errorf("%s is no directory", dir)
		}
		if err := unix.Access(dir, unix.W_OK|unix.X_OK); err != nil {
			return fmt.Errorf("%s: %w", dir, err)
		}
		var fsStat unix.Statfs_t
		if err := unix.Statfs(dir, &fsStat); err != nil {
			return fmt.Errorf("%s: %w", dir, err)
		}
		if slices.Contains(virtual, int64(fsStat.Type)) {
			return fmt.Errorf("%s: no directory can be made in a file system of the kernel's", dir)
		}
		if fsStat.Blocks > 0 && (fsStat.Bavail == 0 || (fsStat.Files > 0 && fsStat.Ffree == 0)) {
			return fmt.Errorf("%s: %w", dir, unix.ENOSPC)
		}
		return nil
	}
}
