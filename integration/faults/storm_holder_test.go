package faults

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// processes are those of the plugin that run.
type processes struct {
	mu      sync.Mutex
	running map[int]*os.Process
}

func newProcesses() *processes { return &processes{running: map[int]*os.Process{}} }

func (p *processes) add(process *os.Process) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.running[process.Pid] = process
}

func (p *processes) remove(process *os.Process) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.running, process.Pid)
}

func (p *processes) get(pid int) *os.Process {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.running[pid]
}

// holder returns the process that holds the lock of a directory, 0 if none does, as proc_locks(5) shows it.
func holder(dir string) (int, error) {
	var st unix.Stat_t
	if err := unix.Stat(dir, &st); err != nil {
		return 0, err
	}
	locks, err := os.ReadFile("/proc/locks")
	if err != nil {
		return 0, err
	}
	file := fmt.Sprintf("%02x:%02x:%d", unix.Major(st.Dev), unix.Minor(st.Dev), st.Ino)
	for line := range strings.Lines(string(locks)) {
		fields := strings.Fields(line)
		if len(fields) < 6 || fields[1] != "FLOCK" || fields[5] != file {
			continue
		}
		return strconv.Atoi(fields[4])
	}
	return 0, nil
}

// stopHolder stops the process that holds the lock of a directory just now, if it is one of these, and returns it; nil
// when it could not be caught. A process that is stopped here holds the lock until it is let go on or killed.
func (p *processes) stopHolder(dir string) (*os.Process, error) {
	pid, err := holder(dir)
	if err != nil || pid == 0 {
		return nil, err
	}
	process := p.get(pid)
	if process == nil || process.Signal(syscall.SIGSTOP) != nil {
		return nil, nil // it has ended
	}
	for !stands(pid) { // the signal is on its way, and the process may let the lock go meanwhile
		time.Sleep(100 * time.Microsecond)
	}
	now, err := holder(dir)
	if err == nil && now == pid {
		return process, nil
	}
	_ = process.Signal(syscall.SIGCONT) // it may have ended
	return nil, err
}

// stands reports whether a process has stopped with all its threads, or has ended, see proc_pid_stat(5).
func stands(pid int) bool {
	paths, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
	if err != nil {
		return true
	}
	for _, path := range paths {
		stat, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		_, fields, _ := strings.Cut(string(stat), ") ")
		if fields != "" && !strings.ContainsRune("TtZX", rune(fields[0])) {
			return false
		}
	}
	return true
}
