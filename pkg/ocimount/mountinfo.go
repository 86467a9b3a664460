package ocimount

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// mountInfo is what proc_pid_mountinfo(5) says of a mount.
type mountInfo struct {
	point  string // seen from this process's root directory
	shared bool   // what is mounted on it is seen through its peers, also in other mount namespaces
}

// mountInfoOf looks a mount up by its ID.
func mountInfoOf(id uint64) (mountInfo, error) {
	f, err := os.Open("/proc/thread-self/mountinfo")
	if err != nil {
		return mountInfo{}, err
	}
	defer f.Close()
	wanted := strconv.FormatUint(id, 10) + " "
	lines := bufio.NewReaderSize(f, 1<<16)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return mountInfo{}, fmt.Errorf("%s: mount %d: %w", f.Name(), id, err)
		}
		if strings.HasPrefix(line, wanted) {
			return parseMountInfo(line)
		}
	}
}

// parseMountInfo reads a line such as
//
//	140 138 0:44 / /etc rw,relatime shared:21 - tmpfs vol rw
func parseMountInfo(line string) (mountInfo, error) {
	fields := strings.Fields(line)
	if len(fields) < 7 {
		return mountInfo{}, fmt.Errorf("mountinfo: %q has no seven fields", line)
	}
	info := mountInfo{point: unescaped(fields[4])}
	for _, option := range fields[6:] {
		if option == "-" {
			break
		}
		info.shared = info.shared || strings.HasPrefix(option, "shared:")
	}
	return info, nil
}

// unescaped undoes how mountinfo writes a path.
func unescaped(path string) string {
	if !strings.Contains(path, `\`) {
		return path
	}
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(path)
}

// mountID returns the ID of the mount that the file is on, and whether the file is the root of that mount.
func mountID(f *os.File) (id uint64, isRoot bool, err error) {
	var st unix.Statx_t
	err = unix.Statx(int(f.Fd()), "", unix.AT_EMPTY_PATH, unix.STATX_MNT_ID, &st)
	if errors.Is(err, unix.ENOSYS) || err == nil && st.Mask&unix.STATX_MNT_ID == 0 { // before Linux 5.8
		return mountIDByProc(f)
	}
	if err != nil {
		return 0, false, fmt.Errorf("statx: %w", err)
	}
	return st.Mnt_id, st.Attributes&unix.STATX_ATTR_MOUNT_ROOT != 0, nil
}

// mountIDByProc does the same by what procfs says of the descriptor.
func mountIDByProc(f *os.File) (id uint64, isRoot bool, err error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/thread-self/fdinfo/%d", f.Fd()))
	if err != nil {
		return 0, false, err
	}
	_, value, _ := strings.Cut(string(text), "mnt_id:")
	if _, err := fmt.Sscan(value, &id); err != nil {
		return 0, false, fmt.Errorf("fdinfo: mnt_id: %w", err)
	}
	info, err := mountInfoOf(id)
	if err != nil {
		return 0, false, err
	}
	path, err := os.Readlink(fmt.Sprintf("/proc/thread-self/fd/%d", f.Fd()))
	return id, path == info.point, err
}
