// Package worlds makes worlds for containers. A world stands for a host: it has a network, a mount and a PID namespace, and
// a cgroup below which its containers are. All of it ends with the world's first process, which ends with the test.
package worlds

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// World is the world from outside.
type World struct {
	Cgroup string // below which its containers are
	init   *exec.Cmd
	alive  io.Closer // the world ends when this is closed
}

var made atomic.Int64

// Start starts a world with the program that calls Init. Its cgroup has the name in its own.
func Start(program, name string) (*World, error) {
	w := &World{Cgroup: fmt.Sprintf("/etcfiles-%s-%d-%d", name, os.Getpid(), made.Add(1))}
	w.init = exec.Command(program, w.Cgroup)
	w.init.SysProcAttr = &unix.SysProcAttr{Cloneflags: unix.CLONE_NEWNET | unix.CLONE_NEWNS | unix.CLONE_NEWPID}
	w.init.Stderr = os.Stderr
	alive, err := w.init.StdinPipe()
	if err != nil {
		return nil, err
	}
	w.alive = alive
	ready, err := w.init.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := w.init.Start(); err != nil {
		return nil, fmt.Errorf("new world: %w", err)
	}
	if _, err := io.ReadFull(ready, make([]byte, 1)); err != nil {
		return nil, errors.Join(fmt.Errorf("the world does not begin: %w", err), w.End())
	}
	return w, nil
}

// End ends every process of the world, whereupon its mounts and networks are gone.
func (w *World) End() error { return errors.Join(w.alive.Close(), w.init.Wait()) }

// Inside returns a path by which this process reads and writes a file as it is in the world, with the world's mounts.
func (w *World) Inside(path string) string {
	return filepath.Join("/proc", strconv.Itoa(w.init.Process.Pid), "root", path)
}

// Command prepares a command in the world.
func (w *World) Command(args ...string) *exec.Cmd {
	return exec.Command("nsenter", append([]string{
		"--target=" + strconv.Itoa(w.init.Process.Pid), "--mount", "--net", "--pid", "--",
	}, args...)...)
}

// Lookup finds the addresses of a name in the /etc/hosts that a process of the world sees, as libc does. It returns the
// file, too.
func (w *World) Lookup(pid int, name string) (addresses []string, text string, err error) {
	b, err := os.ReadFile(w.Inside(fmt.Sprintf("/proc/%d/root/etc/hosts", pid)))
	for line := range strings.Lines(string(b)) {
		line, _, _ = strings.Cut(line, "#")
		if words := strings.Fields(line); len(words) > 1 && slices.Contains(words[1:], name) {
			addresses = append(addresses, words[0])
		}
	}
	return addresses, string(b), err
}

// ReadPID reads the PID that a runtime has written into a file.
func ReadPID(path string) (int, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(string(text))
}

// Init is the first process of a world, with the mounts that furnish makes. It ends, and everything in the world with it,
// when its standard input does: when the test closes it, or dies. Its argument is the cgroup that it then removes.
func Init(furnish func() error) error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("private mounts: %w", err)
	}
	if err := unix.Mount("proc", "/proc", "proc", 0, ""); err != nil {
		return fmt.Errorf("/proc: %w", err)
	}
	// crun refuses cgroups of version 1 with a version 2 beside them. What it and Podman then write there instead is the
	// world's.
	const unified = "/sys/fs/cgroup/unified"
	if err := unix.Mount("tmpfs", unified, "tmpfs", 0, ""); err != nil && !errors.Is(err, unix.ENOENT) {
		return fmt.Errorf("%s: %w", unified, err)
	}
	if err := furnish(); err != nil {
		return err
	}
	if out, err := exec.Command("ip", "link", "set", "lo", "up").CombinedOutput(); err != nil {
		return fmt.Errorf("loopback: %w: %s", err, out)
	}
	go reap()
	fmt.Print("\n")
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		return err
	}
	if err := Poll("processes of the world do not end", func() bool {
		_ = unix.Kill(-1, unix.SIGKILL) // all but this one
		others, err := filepath.Glob("/proc/[0-9]*")
		return err == nil && len(others) == 1
	}); err != nil {
		return err
	}
	_ = unix.Unmount(unified, unix.MNT_DETACH) // with what the runtimes wrote
	return RemoveCgroups(os.Args[1])
}

// reap takes leave of the orphans, as the first process of a machine does.
func reap() {
	died := make(chan os.Signal, 1)
	signal.Notify(died, unix.SIGCHLD)
	for range died {
		for {
			if pid, err := unix.Wait4(-1, nil, unix.WNOHANG, nil); pid <= 0 && !errors.Is(err, unix.EINTR) {
				break
			}
		}
	}
}

// RemoveCgroups removes a cgroup of each hierarchy, with those below it.
func RemoveCgroups(name string) error {
	var err error
	for _, pattern := range []string{"/sys/fs/cgroup" + name, "/sys/fs/cgroup/*" + name} {
		dirs, _ := filepath.Glob(pattern)
		for _, dir := range dirs {
			err = errors.Join(err, removeCgroup(dir))
		}
	}
	return err
}

// removeCgroup removes a cgroup and those below it. It is busy for a moment after its last process has ended.
func removeCgroup(dir string) error {
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		if e.IsDir() {
			err = errors.Join(err, removeCgroup(filepath.Join(dir, e.Name())))
		}
	}
	var removed error
	if waited := Poll("the cgroup "+dir+" is busy", func() bool {
		removed = unix.Rmdir(dir)
		return !errors.Is(removed, unix.EBUSY)
	}); waited != nil {
		removed = waited
	}
	return errors.Join(err, removed)
}

// Poll waits until a condition holds.
func Poll(otherwise string, holds func() bool) error {
	for end := time.Now().Add(30 * time.Second); !holds(); {
		if time.Now().After(end) {
			return errors.New(otherwise)
		}
		time.Sleep(2 * time.Millisecond)
	}
	return nil
}
