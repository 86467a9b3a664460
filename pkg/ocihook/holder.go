package ocihook

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// busyError says that another hook, or a plugin of one that was killed, works on the container.
type busyError struct {
	dir     string
	holders []string
}

func (e busyError) Error() string {
	return fmt.Sprintf("%s: %v: %s", e.dir, errBusy, cmp.Or(strings.Join(e.holders, ", "), "it cannot be seen from here"))
}

func (e busyError) Unwrap() error { return errBusy }

// holders returns the processes that hold the lock of a container's directory, each as NAME (pid PID).
func holders(dir string) []string {
	fds, _ := filepath.Glob("/proc/[0-9]*/fd/*") // the pattern is well formed
	var out []string
	for _, fd := range fds {
		if to, err := os.Readlink(fd); err != nil || to != dir {
			continue
		}
		process := filepath.Dir(filepath.Dir(fd))
		// Who waits for the lock has the directory open as well (proc_pid_fdinfo(5)).
		info, err := os.ReadFile(filepath.Join(process, "fdinfo", filepath.Base(fd)))
		if err != nil || !bytes.Contains(info, []byte("\nlock:")) {
			continue
		}
		name, _ := os.ReadFile(filepath.Join(process, "comm"))
		out = append(out, fmt.Sprintf("%s (pid %s)", strings.TrimSpace(string(name)), filepath.Base(process)))
	}
	slices.Sort(out)
	return slices.Compact(out)
}
