package ocihook

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
)

// process identifies a process of a PID namespace; the start time, in clock ticks since boot, tells it from a later one
// of the same ID (proc_pid_stat(5)). The zero value is none.
type process struct {
	PID   int
	Start uint64
}

// processOf returns the process with the ID, the zero value if there is none.
func processOf(pid int) process {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return process{}
	}
	// The name, in parentheses, may have anything in it. The state is the first field after it, the start time the 20th.
	fields := bytes.Fields(b[bytes.LastIndexByte(b, ')')+1:])
	if len(fields) < 20 || fields[0][0] == 'Z' || fields[0][0] == 'X' {
		return process{}
	}
	start, err := strconv.ParseUint(string(fields[19]), 10, 64)
	if err != nil {
		return process{}
	}
	return process{pid, start}
}

func (p process) alive() bool { return p.PID > 0 && processOf(p.PID) == p }
