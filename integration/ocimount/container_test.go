package ocimount

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
)

// The runtimes, as the beginning of a command line. crun refuses a hybrid of cgroup versions, so it does not see that, and
// what it then writes there instead is lost.
var runtimes = map[string][]string{
	"runc": {"runc"},
	"crun": {
		"unshare", "-m", "--propagation", "unchanged", "sh", "-c",
		`mount --make-rprivate /sys; if mountpoint -q /sys/fs/cgroup/unified; then mount -t tmpfs tmpfs /sys/fs/cgroup/unified; fi; exec crun "$@"`, "crun",
	},
}

// onEach runs a test with each runtime.
func onEach(t *testing.T, test func(t *testing.T, c *container)) {
	for name, command := range runtimes {
		t.Run(name, func(t *testing.T) { test(t, newContainer(t, name, command)) })
	}
}

// container is a container with the hook, a bundle and a store of its own.
type container struct {
	t       *testing.T
	command []string
	dir     string
	id      string
	bundle  string
	rootfs  string
	spec    *specs.Spec
	args    []string // of the hook, beside --data-dir
	lacks   []string // system calls that the kernel does not have
	said    string   // the file that the hook's stderr goes to: of a hook that succeeds, both runtimes drop it
}

// deadline is far beyond what any run takes; it only ends what hangs.
const deadline = time.Minute

func newContainer(t *testing.T, name string, command []string) *container {
	t.Helper()
	dir, err := os.MkdirTemp("", "ocimount-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	c := &container{
		t: t, command: append(command, "--root", dir+"/state"), dir: dir, id: filepath.Base(dir) + "-" + name,
		bundle: dir + "/bundle", rootfs: dir + "/bundle/rootfs", said: dir + "/said",
		spec: &specs.Spec{
			Version:     "1.0.2",
			Annotations: map[string]string{},
			Process:     &specs.Process{Cwd: "/", Env: []string{"PATH=/bin"}},
			Root:        &specs.Root{Path: "rootfs"},
			Hostname:    "store hostname",
			Mounts: []specs.Mount{
				{Destination: "/proc", Type: "proc", Source: "proc"},
				{Destination: "/dev", Type: "tmpfs", Source: "tmpfs", Options: []string{"mode=755"}}, // the bundle may be where no device opens
			},
			Linux: &specs.Linux{Namespaces: []specs.LinuxNamespace{
				{Type: specs.PIDNamespace}, {Type: specs.MountNamespace}, {Type: specs.IPCNamespace}, {Type: specs.UTSNamespace},
			}},
		},
	}
	c.write(c.said, "")
	if err := os.Chmod(c.said, 0o666); err != nil { // whoever the hook runs as
		t.Fatal(err)
	}
	for _, sub := range []string{"bin", "dev", "proc", "run", "sys"} {
		c.mkdir(c.rootfs + "/" + sub)
	}
	busybox, err := exec.LookPath("busybox")
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(busybox)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(c.rootfs+"/bin/busybox", data, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, applet := range []string{"sh", "cat", "echo", "grep", "sleep", "ls", "stat"} {
		c.symlink("busybox", c.rootfs+"/bin/"+applet)
	}
	t.Cleanup(func() {
		if err := c.delete(); err != nil {
			t.Error(err)
		}
	})
	return c
}

func (c *container) mkdir(path string) {
	c.t.Helper()
	if err := os.MkdirAll(path, 0o755); err != nil {
		c.t.Fatal(err)
	}
}

func (c *container) write(path, text string) {
	c.t.Helper()
	c.mkdir(filepath.Dir(path))
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		c.t.Fatal(err)
	}
}

func (c *container) symlink(to, path string) {
	c.t.Helper()
	c.mkdir(filepath.Dir(path))
	if err := os.Symlink(to, path); err != nil {
		c.t.Fatal(err)
	}
}

// etc puts the three files into the image.
func (c *container) etc() {
	c.t.Helper()
	for _, name := range []string{"hosts", "resolv.conf", "hostname"} {
		c.write(c.rootfs+"/etc/"+name, "image "+name+"\n")
	}
}

// store puts the three files for the container into the store.
func (c *container) store(namespace, id string) {
	c.t.Helper()
	c.write(c.hostsFile(namespace, id), "store hosts\n")
	for _, name := range []string{"resolv.conf", "hostname"} {
		c.write(filepath.Join(c.dir, "data", "containers", namespace, id, name), "store "+name+"\n")
	}
}

// record puts the record of a container with the network namespace at path into the store, as etcfiles does.
func (c *container) record(namespace, id, path string) {
	c.t.Helper()
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err != nil {
		c.t.Fatal(err)
	}
	dir := filepath.Dir(c.hostsFile(namespace, id))
	c.write(dir+"/meta.json", fmt.Sprintf(`{"ID":%q,"Etcfiles":{"Version":2,"Netns":{"Path":%q,"Device":%d,"Inode":%d},"Attachments":[{"Since":%q}]}}`,
		id, path, st.Dev, st.Ino, time.Now().Format(time.RFC3339Nano)))
	if err := os.Chmod(dir+"/meta.json", 0o600); err != nil {
		c.t.Fatal(err)
	}
	c.write(dir+"/netns", fmt.Sprintf("%d %d\n", st.Dev, st.Ino))
	for _, path := range []string{dir, filepath.Dir(dir), filepath.Dir(filepath.Dir(dir)), c.dir + "/data"} {
		if err := os.Chmod(path, 0o711); err != nil {
			c.t.Fatal(err)
		}
	}
}

// netns makes a network namespace that ends with the test, and returns its path.
func (c *container) netns(name string) string {
	c.t.Helper()
	path := filepath.Join(c.dir, name)
	c.write(path, "")
	if out, err := exec.Command("unshare", "--net="+path, "true").CombinedOutput(); err != nil {
		c.t.Fatalf("unshare: %v: %s", err, out)
	}
	c.t.Cleanup(func() {
		if err := unix.Unmount(path, unix.MNT_DETACH); err != nil {
			c.t.Error(err)
		}
	})
	return path
}

// joins has the container join the network namespace at path; "" is a new one.
func (c *container) joins(path string) {
	c.spec.Linux.Namespaces = append(c.spec.Linux.Namespaces, specs.LinuxNamespace{Type: specs.NetworkNamespace, Path: path})
}

func (c *container) hostsFile(namespace, id string) string {
	return filepath.Join(c.dir, "data", "etchosts", namespace, id, "hosts")
}

// userns gives the container a user namespace, and its rootfs to the root of that.
func (c *container) userns() {
	c.t.Helper()
	const first = 100000
	mapping := []specs.LinuxIDMapping{{ContainerID: 0, HostID: first, Size: 65536}}
	c.spec.Linux.Namespaces = append(c.spec.Linux.Namespaces, specs.LinuxNamespace{Type: specs.UserNamespace})
	c.spec.Linux.UIDMappings, c.spec.Linux.GIDMappings = mapping, mapping
	err := filepath.WalkDir(c.rootfs, func(path string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, first, first)
	})
	if err != nil {
		c.t.Fatal(err)
	}
}

func (c *container) runtime(ctx context.Context, args ...string) *exec.Cmd {
	line := append(c.command[:len(c.command):len(c.command)], args...)
	return exec.CommandContext(ctx, line[0], line[1:]...)
}

// delete ends and deletes the container. That it is gone already is success, thanks to --force.
func (c *container) delete() error {
	if out, err := c.runtime(context.Background(), "delete", "--force", c.id).CombinedOutput(); err != nil {
		return fmt.Errorf("delete: %w: %s", err, out)
	}
	return nil
}

// start runs a shell script in the container. What it prints can be read from stdout; wait waits for its end and
// returns what was printed on stderr by the script and the runtime.
func (c *container) start(script string) (stdout io.Reader, wait func() (stderr string, err error)) {
	c.t.Helper()
	c.spec.Process.Args = []string{"/bin/sh", "-c", script}
	c.spec.Hooks = &specs.Hooks{CreateContainer: []specs.Hook{{
		Path: "/bin/sh",
		Args: append([]string{"sh", "-c", `exec ` + c.kernel() + ` "$0" "$@" 2>>` + c.said, hook, "--data-dir", c.dir + "/data"}, c.args...),
	}}}
	config, err := json.Marshal(c.spec)
	if err != nil {
		c.t.Fatal(err)
	}
	c.write(c.bundle+"/config.json", string(config))
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	cmd := c.runtime(ctx, "run", "--bundle", c.bundle, c.id)
	// The container outlives a runtime that is killed, and would hold the pipes open.
	cmd.Cancel = func() error { return errors.Join(c.delete(), cmd.Process.Kill()) }
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdout, err = cmd.StdoutPipe()
	if err != nil {
		c.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		cancel()
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() {
		cancel()
		cmd.Wait() // an error if it was waited for before
	})
	return stdout, func() (string, error) { err := cmd.Wait(); return stderr.String(), err }
}

// kernel returns the beginning of a shell command that runs with a kernel that lacks system calls.
func (c *container) kernel() string {
	if len(c.lacks) == 0 {
		return ""
	}
	return "strace --follow-forks --quiet=all --output=/dev/null --trace=" + strings.Join(c.lacks, ",") + " --inject=" + strings.Join(c.lacks, ",") + ":error=ENOSYS"
}

// run runs the script to its end and returns what it printed.
func (c *container) run(script string) (stdout, stderr string, err error) {
	c.t.Helper()
	pipe, wait := c.start(script)
	out, err := io.ReadAll(pipe)
	if err != nil {
		c.t.Fatal(err)
	}
	stderr, err = wait()
	return string(out), stderr, err
}

// want runs the script and compares what it printed, and the lines that the hook wrote on stderr.
func (c *container) want(script, want string, said ...string) {
	c.t.Helper()
	stdout, stderr, err := c.run(script)
	if err != nil || stdout != want {
		c.t.Errorf("%s printed %q, want %q (%v, stderr %s)", script, stdout, want, err, stderr)
	}
	c.wantSaid(said...)
}

// wantSaid compares the lines that the hook wrote on stderr.
func (c *container) wantSaid(lines ...string) {
	c.t.Helper()
	data, err := os.ReadFile(c.said)
	if err != nil {
		c.t.Fatal(err)
	}
	want := ""
	for _, line := range lines {
		want += "etcfiles-mount: " + line + "\n"
	}
	if diff := cmp.Diff(want, string(data)); diff != "" {
		c.t.Errorf("the hook's stderr: %s", diff)
	}
}

const (
	catAll   = "cat /etc/hosts /etc/resolv.conf /etc/hostname"
	allStore = "store hosts\nstore resolv.conf\nstore hostname\n"
	allImage = "image hosts\nimage resolv.conf\nimage hostname\n"
)

// tryWrite prints whether the file can be opened for writing, and alters nothing.
func tryWrite(path string) string {
	return fmt.Sprintf("if (: >>%s) 2>/dev/null; then echo writable; else echo read-only; fi", path)
}
