package safefile

import (
	"os"

	"golang.org/x/sys/unix"
)

// attempts bounds how often OpenIn asks the kernel, which answers EAGAIN when a rename races with a ".." of the path.
const attempts = 128

// OpenIn opens a path in a directory with the flags of open(2) and under the restrictions of openat2(2), such as
// RESOLVE_IN_ROOT; magic links of /proc are never followed. With O_PATH the file is only held, see ReadHeld: a FIFO is not
// waited for and a device not touched. The error is the bare one of openat2(2).
func OpenIn(dir *os.File, path string, flags, resolve uint64) (*os.File, error) {
	how := &unix.OpenHow{Flags: flags | unix.O_CLOEXEC, Resolve: resolve | unix.RESOLVE_NO_MAGICLINKS}
	for attempt := 1; ; attempt++ {
		fd, err := unix.Openat2(int(dir.Fd()), path, how)
		if err == nil {
			return os.NewFile(uintptr(fd), path), nil
		}
		if attempt == attempts || err != unix.EAGAIN && err != unix.EINTR {
			return nil, err
		}
	}
}
