package containerd

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"

	"golang.org/x/sys/unix"
)

// initName is the name that the test binary is called with to be the init process of a node.
const initName = "node-init"

// runInit is process 1 of a node. It gives the node file systems of its own at the places where containerd, CNI and the
// container runtimes keep their state, says so on stdout, and reaps orphans until stdin ends. Stdin is a pipe that
// the test holds open: when the test ends, however it ends, so does the node with every process, mount and interface in it.
func runInit() int {
	if err := mountNode(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, initName+":", err)
		return 1
	}
	children := make(chan os.Signal, 1)
	signal.Notify(children, unix.SIGCHLD)
	go func() {
		for range children {
			for {
				if pid, err := unix.Wait4(-1, nil, unix.WNOHANG, nil); pid <= 0 && !errors.Is(err, unix.EINTR) {
					break
				}
			}
		}
	}()
	fmt.Println("ready")
	_, _ = io.Copy(io.Discard, os.Stdin)
	return 0
}

func mountNode(changeable []string) error {
	mount := func(source, target, fsType string, flags uintptr, data string) error {
		if err := unix.Mount(source, target, fsType, flags, data); err != nil {
			return fmt.Errorf("mount %s at %s: %w", fsType, target, err)
		}
		return nil
	}
	if err := mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return err
	}
	if err := mount("proc", "/proc", "proc", 0, ""); err != nil {
		return err
	}
	if err := mount("tmpfs", "/run", "tmpfs", 0, "mode=755"); err != nil {
		return err
	}
	for i, dir := range append([]string{"/etc"}, changeable...) {
		changes := fmt.Sprintf("/run/node/%d", i)
		for _, sub := range []string{"/upper", "/work"} {
			if err := os.MkdirAll(changes+sub, 0o755); err != nil {
				return err
			}
		}
		if err := mount("overlay", dir, "overlay", 0, fmt.Sprintf("lowerdir=%s,upperdir=%s/upper,workdir=%[2]s/work", dir, changes)); err != nil {
			return err
		}
	}
	state := []string{"/opt", "/var/lib"}
	if slices.Contains(changeable, "/var/lib") {
		state = []string{"/opt", "/var/lib/cni", "/var/lib/containerd", dataDir}
	}
	for _, dir := range state {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
		if err := mount("tmpfs", dir, "tmpfs", 0, "mode=755"); err != nil {
			return err
		}
	}
	// crun 1.8 refuses to run where both versions of cgroups are mounted; what it then writes there instead is the node's.
	if err := mount("tmpfs", "/sys/fs/cgroup/unified", "tmpfs", 0, ""); err != nil && !errors.Is(err, unix.ENOENT) {
		return err
	}
	return nil
}
