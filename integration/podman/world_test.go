package podman

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// world stands for a host: it has a network, a mount and a PID namespace, and file systems of its own where Podman, the CNI
// plugins and etcfiles keep their state. All of it ends with the world's first process.
type world struct {
	dir      string // files of the test; the scripts' $WORK
	runtime  string // runc or crun
	cgroup   string // below which its containers are
	init     *exec.Cmd
	alive    io.Closer // the world ends when this is closed
	networks []string  // by name
}

// Places in a world. They are the usual ones, since a world has them to itself.
const (
	confDir     = "/etc/cni/net.d"
	hooksDir    = "/etc/containers/oci/hooks.d"
	podmanConf  = "/etc/containers/containers.conf"
	storageConf = "/etc/containers/storage.conf"
	hostConf    = "/etc/resolv.conf"
	leasesDir   = "/var/lib/cni/networks" // host-local's
	cacheDir    = "/var/lib/cni/results"  // libcni's
	dataDir     = "/var/lib/etcfiles"
	netnsDir    = "/run/netns" // Podman's
)

// nameserver is in the world's own resolv.conf.
const nameserver = "192.0.2.53"

var worlds atomic.Int64

func newWorld(dir, runtime string) (*world, error) {
	w := &world{
		dir: dir, runtime: runtime,
		cgroup: fmt.Sprintf("/etcfiles-podman-%d-%d", os.Getpid(), worlds.Add(1)),
	}
	w.init = exec.Command(filepath.Join(binDir, "world"))
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
		return nil, errors.Join(fmt.Errorf("the world does not begin: %w", err), w.end())
	}
	if err := w.furnish(); err != nil {
		return nil, errors.Join(err, w.end())
	}
	return w, nil
}

// end kills every process of the world, whereupon its mounts and networks are gone, and removes its cgroups.
func (w *world) end() error {
	err := w.alive.Close()
	_ = w.init.Wait() // until the last process of the PID namespace is gone
	for _, pattern := range []string{"/sys/fs/cgroup" + w.cgroup, "/sys/fs/cgroup/*" + w.cgroup} {
		dirs, _ := filepath.Glob(pattern)
		for _, dir := range dirs {
			err = errors.Join(err, removeCgroup(dir))
		}
	}
	return err
}

// removeCgroup removes a cgroup and those below it.
func removeCgroup(dir string) error {
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		if e.IsDir() {
			err = errors.Join(err, removeCgroup(filepath.Join(dir, e.Name())))
		}
	}
	return errors.Join(err, os.Remove(dir))
}

// runWorld is the first process of a world. It ends, and everything in the world with it, when its standard input does:
// when the test closes it, or dies.
func runWorld() error {
	if err := mountWorld(); err != nil {
		return err
	}
	if out, err := exec.Command("ip", "link", "set", "lo", "up").CombinedOutput(); err != nil {
		return fmt.Errorf("loopback: %w: %s", err, out)
	}
	go reap()
	fmt.Print("\n")
	_, err := io.Copy(io.Discard, os.Stdin)
	return err
}

func mountWorld() error {
	mount := func(fsType, target string, flags uintptr, data string) error {
		if err := unix.Mount(fsType, target, fsType, flags, data); err != nil {
			return fmt.Errorf("mount %s at %s: %w", fsType, target, err)
		}
		return nil
	}
	if err := mount("", "/", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return err
	}
	if err := mount("proc", "/proc", 0, ""); err != nil {
		return err
	}
	for _, dir := range []string{"/run", "/var/lib", "/var/tmp", "/dev/shm"} { // Podman's locks are in the last
		if err := mount("tmpfs", dir, 0, "mode=755"); err != nil {
			return err
		}
	}
	const upper, work = "/run/world/upper", "/run/world/work"
	for _, dir := range []string{upper, work} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	if err := mount("overlay", "/etc", 0, "lowerdir=/etc,upperdir="+upper+",workdir="+work); err != nil {
		return err
	}
	// crun refuses cgroups of version 1 with a version 2 beside them. It and Podman then make plain directories in its place,
	// so that place is the world's own.
	const unified = "/sys/fs/cgroup/unified"
	err := unix.Unmount(unified, unix.MNT_DETACH)
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOENT) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("unmount %s: %w", unified, err)
	}
	return mount("tmpfs", unified, 0, "")
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

// inside returns a path by which this process reads and writes a file of the world.
func (w *world) inside(path string) string {
	return filepath.Join("/proc", strconv.Itoa(w.init.Process.Pid), "root", path)
}

// write writes a file of the world, with its directory.
func (w *world) write(path string, data []byte) error {
	if err := os.MkdirAll(w.inside(filepath.Dir(path)), 0o755); err != nil {
		return err
	}
	return os.WriteFile(w.inside(path), data, 0o644)
}

// run runs a command in the world and returns what it prints. The error has what it prints to stderr.
func (w *world) run(args ...string) (stdout, stderr string, err error) {
	var out, errOut bytes.Buffer
	cmd := exec.Command("nsenter", append([]string{
		"--target=" + strconv.Itoa(w.init.Process.Pid), "--mount", "--net", "--pid", "--",
	}, args...)...)
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + w.dir, "CONTAINERS_CONF=" + podmanConf, "CONTAINERS_STORAGE_CONF=" + storageConf,
	}
	cmd.Stdout, cmd.Stderr = &out, &errOut
	if err = cmd.Run(); err != nil {
		err = fmt.Errorf("%v: %w: %s%s", args, err, &out, &errOut)
	}
	return out.String(), errOut.String(), err
}
