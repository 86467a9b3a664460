package cluster

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// log is what a process has said.
type log struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *log) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// tail returns the end of it.
func (l *log) tail() string {
	const most = 6000
	s := l.String()
	return s[max(0, len(s)-most):]
}

// end sends a signal to the command in its namespaces, and to what it has started, and waits for its end. nsenter waits for it in another process.
func (p *process) end(signal syscall.Signal) {
	below := descendants(p.cmd.Process.Pid)
	for _, pid := range slices.Backward(below) {
		_ = syscall.Kill(pid, signal)
	}
	if len(below) == 0 {
		_ = p.cmd.Process.Signal(signal)
	}
	_ = p.wait()
	for _, pid := range below { // one whose parent has gone before it has nobody who waits for it
		for alive(pid) {
			time.Sleep(time.Millisecond)
		}
	}
}

// alive reports whether a process runs. Its first thread may be dead already while another one still holds its files.
func alive(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	tasks, _ := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	_, state, _ := strings.Cut(string(stat), ") ")
	return err == nil && (!strings.HasPrefix(state, "Z") || len(tasks) > 1)
}

// descendants returns the processes below one, each behind its parent.
func descendants(pid int) []int {
	var out []int
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, task := range tasks {
		children, _ := os.ReadFile(task)
		for _, field := range strings.Fields(string(children)) {
			if child, err := strconv.Atoi(field); err == nil {
				out = append(append(out, child), descendants(child)...)
			}
		}
	}
	return out
}
