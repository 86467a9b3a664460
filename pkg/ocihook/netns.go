package ocihook

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// netns identifies a network namespace for as long as something holds it: a process, an open file or a mount.
type netns struct {
	Device, Inode uint64
}

// errNoNetns says that a path does not lead to a network namespace.
var errNoNetns = errors.New("no network namespace")

// openNetns opens the network namespace at a path such as /proc/<pid>/ns/net. Nothing else is ever opened for reading: to
// open a device may do something, and a FIFO waits.
func openNetns(path string) (*os.File, netns, error) {
	at, err := unix.Open(path, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, netns{}, &os.PathError{Op: "open", Path: path, Err: err}
	}
	defer func() { _ = unix.Close(at) }()
	var fsType unix.Statfs_t
	if err := unix.Fstatfs(at, &fsType); err != nil {
		return nil, netns{}, &os.PathError{Op: "statfs", Path: path, Err: err}
	}
	if fsType.Type != unix.NSFS_MAGIC {
		return nil, netns{}, fmt.Errorf("%s: %w", path, errNoNetns)
	}
	fd, err := unix.Open(fmt.Sprintf("/proc/self/fd/%d", at), unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, netns{}, &os.PathError{Op: "open", Path: path, Err: err}
	}
	f := os.NewFile(uintptr(fd), path)
	// ioctl_ns(2): only a namespace answers, and says of which type it is.
	if kind, err := unix.IoctlRetInt(fd, unix.NS_GET_NSTYPE); err != nil || kind != unix.CLONE_NEWNET {
		_ = f.Close()
		return nil, netns{}, fmt.Errorf("%s: %w", path, errNoNetns)
	}
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		_ = f.Close()
		return nil, netns{}, err
	}
	return f, netns{st.Dev, st.Ino}, nil
}

// statNetns identifies what is at a path that can only be a network namespace, without opening it.
func statNetns(path string) (netns, error) {
	var st unix.Stat_t
	err := unix.Stat(path, &st)
	return netns{st.Dev, st.Ino}, err
}

// netnsAt identifies the network namespace at a path. The error is errNoNetns for any other file, fs.ErrNotExist for none.
func netnsAt(path string) (netns, error) {
	f, id, err := openNetns(path)
	if err == nil {
		_ = f.Close()
	}
	return id, err
}

// inUse returns the network namespaces that a thread of any process has, each with the ID of such a process. The error says that it
// could not see them all.
func inUse() (map[netns]int, error) {
	threads, err := filepath.Glob("/proc/[0-9]*/task/[0-9]*/ns/net")
	if err != nil {
		return nil, err
	}
	out := map[netns]int{}
	var unseen error
	for _, path := range threads {
		id, err := statNetns(path)
		switch {
		case err == nil:
			out[id] = pidOf(path)
		case errors.Is(err, unix.EACCES) && inInitialUserns():
			unseen = fmt.Errorf("%s: %w: run this as root, with CAP_SYS_PTRACE, to see which containers live", path, err)
		case errors.Is(err, fs.ErrNotExist), errors.Is(err, unix.ESRCH), errors.Is(err, unix.EACCES):
			// The thread has ended, or it belongs to users over whom a rootless one has no power and holds none of his.
		default:
			unseen = &os.PathError{Op: "stat", Path: path, Err: err}
		}
	}
	return out, unseen
}

// pidOf returns the PID in /proc/PID/task/TID/ns/net.
func pidOf(path string) int {
	pid, _ := strconv.Atoi(strings.Split(path, "/")[2])
	return pid
}

// inInitialUserns reports whether all user IDs are mapped to themselves (user_namespaces(7)).
func inInitialUserns() bool {
	b, err := os.ReadFile("/proc/self/uid_map")
	if err != nil {
		return true
	}
	var inside, outside, count uint64
	n, err := fmt.Sscan(string(b), &inside, &outside, &count)
	return err != nil || n == 3 && inside == 0 && outside == 0 && count == 1<<32-1
}

// pidNamespace identifies the PID namespace of this process: what it sees in /proc are the processes of that.
func pidNamespace() (uint64, error) {
	var st unix.Stat_t
	if err := unix.Stat("/proc/self/ns/pid", &st); err != nil {
		return 0, &os.PathError{Op: "stat", Path: "/proc/self/ns/pid", Err: err}
	}
	return st.Ino, nil
}
