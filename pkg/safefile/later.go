package safefile

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// Later gives an open file that was written, and that had the mtime before until then, a later one if it has not got it by
// that: whoever reads a file again only if its mtime or size differ must see a change that keeps the size. Before Linux 6.13
// the times of a file advance once a tick, and on some file systems they still do.
// It returns the state of the file then.
func Later(fd int, before unix.Timespec) (unix.Stat_t, error) {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return st, fmt.Errorf("stat: %w", err)
	}
	if st.Mtim.Nano() > before.Nano() {
		return st, nil
	}
	times := []unix.Timespec{{Nsec: unix.UTIME_OMIT}, unix.NsecToTimespec(before.Nano() + time.Nanosecond.Nanoseconds())}
	if err := unix.UtimesNanoAt(unix.AT_FDCWD, fmt.Sprintf("/proc/self/fd/%d", fd), times, 0); err != nil {
		return st, fmt.Errorf("utimensat: %w", err)
	}
	if err := unix.Fstat(fd, &st); err != nil {
		return st, fmt.Errorf("stat: %w", err)
	}
	return st, nil
}
