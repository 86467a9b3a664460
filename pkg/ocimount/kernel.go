package ocimount

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// checkKernel fails where the kernel lacks what a path in a rootfs cannot be resolved safely without. What newer kernels have besides
// can be done without: mount_setattr of Linux 5.12 and the ID of a mount in statx of 5.8.
func checkKernel() error {
	fd, err := unix.Openat2(unix.AT_FDCWD, "/", &unix.OpenHow{Flags: unix.O_PATH | unix.O_CLOEXEC})
	if err == nil {
		return unix.Close(fd)
	}
	if !errors.Is(err, unix.ENOSYS) {
		return fmt.Errorf("openat2: %w", err)
	}
	var uts unix.Utsname
	if err := unix.Uname(&uts); err != nil {
		return fmt.Errorf("uname: %w", err)
	}
	return fmt.Errorf("needs Linux 5.6 or later, for openat2, and this is %s: nothing was mounted", unix.ByteSliceToString(uts.Release[:]))
}

// inUserNamespace reports whether this process is in another user namespace than the first, by its mapping of users.
func inUserNamespace() bool {
	text, err := os.ReadFile("/proc/self/uid_map")
	return err == nil && !slices.Equal(strings.Fields(string(text)), []string{"0", "0", "4294967295"})
}
