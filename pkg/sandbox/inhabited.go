package sandbox

import (
	"bytes"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"github.com/etcfiles/etcfiles/pkg/safefile"
)

// Inhabited reports whether a process is in the network namespace. It looks at the newest
// processes first, and if a time is given it takes no more of the processor's: what is not decided by then counts as
// inhabited. On a busy host the clock on the wall would decide nothing, and where another virtual machine has the
// processor meanwhile its own time does not either, so that the first processes are looked at whatever that takes. This
// process and those above it do not count, such as a runtime that has entered the namespace, nor do CNI plugins, whose
// first thread may be in it for an instant while they work for another network of the container, nor threads of the kernel,
// nor those that it may not look at.
func Inhabited(id Namespace, within time.Duration) bool {
	return inhabited(id, atLeast, within)
}

// atLeast is how many processes cost little: 2 to 5 ms.
const atLeast = 512

func inhabited(id Namespace, atLeast int, within time.Duration) bool {
	start, used := time.Now(), processorTime()
	dir, err := openProc()
	if err != nil {
		return false
	}
	defer func() { _ = unix.Close(dir) }()
	pids, err := processesIn(dir)
	if err != nil {
		return false
	}
	kernels := kernelThreads()
	want, link, seen := "net:["+strconv.FormatUint(id.Inode, 10)+"]", make([]byte, maxLink), 0
	for _, pid := range slices.Backward(pids) {
		if _, found := slices.BinarySearch(kernels, pid); found {
			continue
		}
		name := strconv.Itoa(pid)
		proc := procDir + "/" + name
		n, err := unix.Readlinkat(dir, name+"/ns/net", link) // a third less than a stat(2)
		if err == nil && string(link[:n]) == want && !slices.Contains(ancestors(), pid) && !isPlugin(proc) {
			if net, err := namespaceOf(proc, "net"); err == nil && net == id {
				return true
			}
		}
		seen++
		if within > 0 && seen >= atLeast && time.Since(start) > within && processorTime()-used > within {
			return true
		}
	}
	return false
}

// kernelThreads returns the IDs of the threads of the kernel, in ascending order: most of the processes of an idle host, and
// none of a container. They are the children of kthreadd(2), which only the first PID namespace has, and which has no program. A process
// that has ended has none either, and no children. There are none where the kernel does not show children, see proc_tid_children(5).
func kernelThreads() []int {
	dir := filepath.Join(procDir, strconv.Itoa(kthreadd))
	if _, err := unix.Readlink(filepath.Join(dir, "exe"), make([]byte, 1)); err != unix.ENOENT {
		return nil
	}
	children, err := safefile.ReadLinked(filepath.Join(dir, "task", strconv.Itoa(kthreadd), "children"), maxChildren)
	if err != nil {
		return nil
	}
	pids := make([]int, 0, len(children)/len("123 ")+1)
	for field := range bytes.FieldsSeq(children) {
		if pid, err := strconv.Atoi(string(field)); err == nil {
			pids = append(pids, pid)
		}
	}
	slices.Sort(pids)
	return pids
}

const kthreadd = 2 // its PID

// maxChildren is more than the bytes of the list of all processes that there can be, see pid_max in proc_sys_kernel(5).
const maxChildren = 32 << 20

// isPlugin reports whether a process was called as a CNI plugin, by its environment as it began, see proc_pid_environ(5).
func isPlugin(proc string) bool {
	f, err := os.Open(filepath.Join(proc, "environ"))
	if err != nil {
		return false
	}
	defer f.Close()
	environ, err := io.ReadAll(io.LimitReader(f, maxEnviron))
	return err == nil && bytes.Contains(append([]byte{0}, environ...), []byte("\x00CNI_COMMAND="))
}

// maxEnviron is how many bytes of an environment are looked at.
const maxEnviron = 1 << 20

// maxLink is more than the bytes of a link to a namespace, see namespaces(7).
const maxLink = 64

// processorTime is the processor's time that this process has had, see clock_gettime(2).
func processorTime() time.Duration {
	var t unix.Timespec
	if unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &t) != nil {
		return 0
	}
	return time.Duration(t.Nano())
}

// InOwn reports whether this process itself is in the network namespace.
func InOwn(id Namespace) bool {
	net, err := namespaceOf(filepath.Join(procDir, "thread-self"), "net")
	return err == nil && net == id
}

// processes returns the IDs of all processes, in ascending order.
func processes() ([]int, error) {
	dir, err := openProc()
	if err != nil {
		return nil, err
	}
	defer func() { _ = unix.Close(dir) }()
	return processesIn(dir)
}

func openProc() (int, error) {
	dir, err := unix.Open(procDir, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, &fs.PathError{Op: "open", Path: procDir, Err: err}
	}
	return dir, nil
}

// processesIn is processes with the open directory, which it reads to the end. Nothing here is larger than need be: a DEL has each page of
// memory from the kernel.
func processesIn(dir int) ([]int, error) {
	const some = 64
	pids, names, entries := make([]int, 0, 2*some), make([]string, 0, some), make([]byte, 8<<10)
	for {
		n, err := unix.Getdents(dir, entries)
		if err != nil {
			return nil, &fs.PathError{Op: "read", Path: procDir, Err: err}
		}
		if n == 0 {
			slices.Sort(pids)
			return pids, nil
		}
		for left, read := entries[:n], 0; len(left) > 0; left = left[read:] {
			read, _, names = unix.ParseDirent(left, some, names[:0])
			for _, name := range names {
				if name[0] < '0' || name[0] > '9' { // the error of Atoi costs more than what it is about
					continue
				}
				if pid, err := strconv.Atoi(name); err == nil {
					pids = append(pids, pid)
				}
			}
		}
	}
}

// ancestors returns the IDs of this process, of its parent, and so on, as far as they can be seen.
func ancestors() []int {
	var out []int
	for pid := os.Getpid(); pid > 0 && !slices.Contains(out, pid); pid = parentOf(pid) {
		out = append(out, pid)
	}
	return out
}

// parentOf returns the ID of a process's parent, see proc_pid_stat(5); 0 if there is none.
func parentOf(pid int) int {
	b, err := os.ReadFile(filepath.Join(procDir, strconv.Itoa(pid), "stat"))
	if err != nil {
		return 0
	}
	fields := statFields(b)
	if len(fields) <= statParent {
		return 0
	}
	parent, _ := strconv.Atoi(string(fields[statParent]))
	return parent
}

const statParent = 1 // place of the field behind the name of a process, see proc_pid_stat(5)

// statFields returns the fields of a stat file behind the name, which is in parentheses and may have anything in it.
func statFields(stat []byte) [][]byte {
	return bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
}
