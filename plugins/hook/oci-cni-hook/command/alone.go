package command

import (
	"io"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// patience is how long a runtime may take to write the state of a container, in milliseconds.
const patience = 1000

// spoken reports whether something is on stdin, or may still come: then an OCI runtime has run the program, and nobody at a
// terminal.
func spoken(stdin io.Reader) bool {
	f, ok := stdin.(*os.File)
	if stdin == nil || ok && f == nil {
		return false
	}
	if ok {
		if info, err := f.Stat(); err != nil || info.Mode()&fs.ModeCharDevice != 0 { // a terminal, or /dev/null
			return false
		}
		ready := []unix.PollFd{{Fd: int32(f.Fd()), Events: unix.POLLIN}} //nolint:gosec // a descriptor is small
		if n, err := unix.Poll(ready, patience); err != nil || n == 0 {
			return true
		}
	}
	n, _ := stdin.Read(make([]byte, 1))
	return n > 0
}
