package oci

import (
	"bytes"
	"encoding/json"
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

// world stands for a host: it has a network, a mount and a PID namespace and all directories for itself. It is no
// container: its files are those of the machine, but what is mounted in it is seen in it only.
type world struct {
	dir      string // all of its files; see the methods below
	runtime  string // runc or crun
	cgroup   string // below which its containers are
	init     *exec.Cmd
	alive    io.Closer           // the world ends when this is closed
	pending  map[string]*started // containers whose start has not been waited for
	gates    []*os.File          // that have been opened
	networks []string            // by name
}

var worlds atomic.Int64

func (w *world) bin() string    { return filepath.Join(w.dir, "bin") }    // CNI plugins
func (w *world) conf() string   { return filepath.Join(w.dir, "net.d") }  // conflists
func (w *world) cache() string  { return filepath.Join(w.dir, "cache") }  // libcni's
func (w *world) leases() string { return filepath.Join(w.dir, "leases") } // host-local's
func (w *world) data() string   { return filepath.Join(w.dir, "data") }   // etcfiles' store
func (w *world) runDir() string { return filepath.Join(w.dir, "run") }    // pins and records of the hook
func (w *world) state() string  { return filepath.Join(w.dir, "state") }  // the runtime's

// hook returns the path of the hook under test.
func (w *world) hook() string { return filepath.Join(w.bin(), "oci-cni-hook") }

// hookFlags are the flags by which the hook finds the world's directories.
func (w *world) hookFlags() []string {
	return []string{"--conf-dir", w.conf(), "--bin-dir=" + w.bin(), "--cache-dir", w.cache(), "--run-dir=" + w.runDir()}
}

func newWorld(dir, runtime string) (*world, error) {
	w := &world{
		dir: dir, runtime: runtime,
		cgroup:  fmt.Sprintf("/etcfiles-oci-%d-%d", os.Getpid(), worlds.Add(1)),
		pending: map[string]*started{},
	}
	if err := w.makeFiles(); err != nil {
		return nil, err
	}
	w.init = exec.Command(filepath.Join(w.bin(), "world"), w.cgroup)
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
	return w, nil
}

// makeFiles makes the plugins' directory, a root file system and the runtime's own config.json.
func (w *world) makeFiles() error {
	for _, dir := range []string{w.bin(), w.conf(), w.probeDir(), w.path("rootfs/bin"), w.path("rootfs/etc"), w.path("spec"), w.path("out")} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	for _, dir := range []string{"proc", "sys", "dev", "tmp"} {
		if err := os.Mkdir(w.path("rootfs", dir), 0o755); err != nil {
			return err
		}
	}
	busybox, err := exec.LookPath("busybox")
	if err != nil {
		return err
	}
	if err := copyFile(w.path("rootfs/bin/busybox"), busybox); err != nil {
		return err
	}
	for _, applet := range []string{"sh", "cat", "sleep", "nc", "httpd", "hostname", "ip", "ls", "true", "touch"} {
		if err := os.Symlink("busybox", w.path("rootfs/bin", applet)); err != nil {
			return err
		}
	}
	for _, file := range []string{"hosts", "resolv.conf", "hostname"} { // as in most images
		if err := os.WriteFile(w.path("rootfs/etc", file), nil, 0o644); err != nil {
			return err
		}
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	for role := range roles {
		if err := os.Symlink(self, filepath.Join(w.bin(), role)); err != nil {
			return err
		}
	}
	for _, dir := range []string{programs, referencePlugins()} {
		if err := linkAll(w.bin(), dir); err != nil {
			return err
		}
	}
	spec := exec.Command(w.runtime, "spec")
	spec.Dir = w.path("spec")
	if out, err := spec.CombinedOutput(); err != nil {
		return fmt.Errorf("%s spec: %w: %s", w.runtime, err, out)
	}
	return nil
}

func (w *world) path(elem ...string) string {
	return filepath.Join(append([]string{w.dir}, elem...)...)
}

// inside returns a path by which this process reads a file as it is in the world, with the world's mounts.
func (w *world) inside(path string) string {
	return filepath.Join("/proc", strconv.Itoa(w.init.Process.Pid), "root", path)
}

func copyFile(to, from string) error {
	b, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, b, 0o755)
}

// linkAll links to the programs of a directory, except those that have a link already.
func linkAll(to, from string) error {
	entries, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	for _, e := range entries {
		err := os.Symlink(filepath.Join(from, e.Name()), filepath.Join(to, e.Name()))
		if err != nil && !errors.Is(err, os.ErrExist) {
			return err
		}
	}
	return nil
}

// end ends every process of the world, whereupon its mounts and networks are gone.
func (w *world) end() error {
	for _, gate := range w.gates {
		_ = gate.Close()
	}
	return errors.Join(w.alive.Close(), w.init.Wait())
}

// removeCgroups removes a cgroup of each hierarchy.
func removeCgroups(name string) error {
	var err error
	for _, pattern := range []string{"/sys/fs/cgroup" + name, "/sys/fs/cgroup/*" + name} {
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
// when the test closes it, or dies. Its argument is the cgroup that it then removes.
func runWorld() error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("private mounts: %w", err)
	}
	if err := unix.Mount("proc", "/proc", "proc", 0, ""); err != nil {
		return fmt.Errorf("/proc: %w", err)
	}
	// crun refuses cgroups of version 1 with a version 2 beside them; what it then writes there instead is the world's.
	const unified = "/sys/fs/cgroup/unified"
	if err := unix.Mount("tmpfs", unified, "tmpfs", 0, ""); err != nil && !errors.Is(err, unix.ENOENT) {
		return fmt.Errorf("%s: %w", unified, err)
	}
	if out, err := exec.Command("ip", "link", "set", "lo", "up").CombinedOutput(); err != nil {
		return fmt.Errorf("loopback: %w: %s", err, out)
	}
	go reap()
	fmt.Print("\n")
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		return err
	}
	if err := poll("processes of the world do not end", func() bool {
		_ = unix.Kill(-1, unix.SIGKILL) // all but this one
		others, err := filepath.Glob("/proc/[0-9]*")
		return err == nil && len(others) == 1
	}); err != nil {
		return err
	}
	_ = unix.Unmount(unified, unix.MNT_DETACH) // with what the runtimes wrote
	return removeCgroups(os.Args[1])
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

// command prepares a command in the world, with the world's directory in $WORK as in the scripts.
func (w *world) command(args ...string) *exec.Cmd {
	cmd := exec.Command("nsenter", append([]string{
		"--target=" + strconv.Itoa(w.init.Process.Pid), "--mount", "--net", "--pid", "--",
	}, args...)...)
	cmd.Env = append(os.Environ(), "WORK="+w.dir)
	return cmd
}

// run runs a command in the world and returns what it prints. The error has what it prints to stderr.
func (w *world) run(args ...string) (string, error) {
	var stderr bytes.Buffer
	cmd := w.command(args...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return string(out), fmt.Errorf("%v: %w: %s%s", args, err, out, &stderr)
	}
	return string(out), nil
}

func readJSON(path string, v any) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(b, v); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

func writeJSON(path string, v any) error {
	b, err := json.MarshalIndent(v, "", "\t")
	if err != nil {
		return err
	}
	return os.WriteFile(path, b, 0o644)
}
