package containerd

import (
	"bufio"
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials/insecure"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
)

// Places in a node. They are the usual ones, since a node has them to itself.
const (
	socket    = "/run/containerd/containerd.sock"
	confDir   = "/etc/cni/net.d"
	binDir    = "/opt/cni/bin"
	mountHook = binDir + "/etcfiles-mount"
	dataDir   = "/var/lib/etcfiles"
	logFile   = "/run/containerd.log"
	pidFile   = "/run/containerd.pid"

	// sandboxDir has the files that CRI keeps for each sandbox.
	sandboxDir = "/var/lib/containerd/io.containerd.grpc.v1.cri/sandboxes/"

	nameserver = "192.0.2.53" // in /etc/resolv.conf of a node
)

// patience is how long a state is waited for.
const patience = 60 * time.Second

// pause is the time between two looks.
const pause = 20 * time.Millisecond

// node is what a machine is to containerd: a process, network and mount namespace, with /run, /var/lib, /opt and /etc of its
// own. They end with the init process, see runInit, so nothing of a node can outlive the test.
type node struct {
	t       testing.TB
	release release
	init    *exec.Cmd
	cgroup  string // parent of the cgroups of all containers
	ctx     context.Context
	runtime cri.RuntimeServiceClient
	images  cri.ImageServiceClient
}

// onEach runs the test on a node of each release of containerd with the conflist that the function gives.
func onEach(t *testing.T, list func(testing.TB) []byte, test func(*testing.T, *node)) {
	onEachBy(t, byBaseSpec, list, test)
}

// onEachBy does the same with the function that has configured containerd for the files to come into pods.
func onEachBy(t *testing.T, deliver func(*node), list func(testing.TB) []byte, test func(*testing.T, *node)) {
	for _, r := range versions {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			test(t, newNode(t, r, list(t), deliver))
		})
	}
}

var nodes atomic.Int64

// newNode starts a containerd, which the function has configured for the files to come into pods, and imports the image.
func newNode(t testing.TB, r release, list []byte, deliver func(*node)) *node {
	t.Helper()
	n := newMachine(t, r)
	n.install(list)
	if err := os.Symlink(pluginDir, n.path(binDir)); err != nil {
		t.Fatal(err)
	}
	deliver(n)
	n.connect()
	n.start()
	n.importImage()
	return n
}

// newMachine makes a node without plugins and without the configurations of containerd and CNI. Beside /etc it can change the further
// directories, and is the only one to see what it has changed.
func newMachine(t testing.TB, r release, changeable ...string) *node {
	t.Helper()
	n := &node{
		t: t, release: r, ctx: t.Context(),
		cgroup: fmt.Sprintf("/etcfiles-%d-%d", os.Getpid(), nodes.Add(1)),
	}
	n.boot(changeable)
	t.Cleanup(func() {
		if log, err := os.ReadFile(n.path(logFile)); err == nil && t.Failed() {
			t.Logf("containerd's log:\n%s", log)
		}
	})
	n.run("ip", "link", "set", "lo", "up")
	n.write("/etc/resolv.conf", []byte("nameserver "+nameserver+"\n"))
	if err := os.MkdirAll(n.path(filepath.Dir(binDir)), 0o755); err != nil {
		t.Fatal(err)
	}
	n.write(crun, []byte(crunScript))
	if err := os.Chmod(n.path(crun), 0o755); err != nil {
		t.Fatal(err)
	}
	return n
}

// importImage imports the image that the pause container and all others are of, and gives it further names.
func (n *node) importImage(names ...string) {
	n.t.Helper()
	n.run("ctr", "-n", "k8s.io", "images", "import", imageTar)
	for _, name := range names {
		n.run("ctr", "-n", "k8s.io", "images", "tag", imageName, name)
	}
	for _, name := range append(names, imageName) {
		n.until("CRI knows the image "+name, func() bool {
			answer, err := n.images.ImageStatus(n.ctx, &cri.ImageStatusRequest{Image: &cri.ImageSpec{Image: name}})
			return err == nil && answer.Image != nil
		})
	}
}

// install puts a conflist in the place of the one before.
func (n *node) install(list []byte) {
	n.t.Helper()
	n.write(confDir+"/10-lab.conflist", list)
}

// boot starts the init process.
func (n *node) boot(changeable []string) {
	n.t.Helper()
	init := &exec.Cmd{
		Path: "/proc/self/exe", Args: append([]string{initName}, changeable...), Stderr: os.Stderr,
		SysProcAttr: &unix.SysProcAttr{Cloneflags: unix.CLONE_NEWPID | unix.CLONE_NEWNS | unix.CLONE_NEWNET},
	}
	stdin, err := init.StdinPipe()
	if err != nil {
		n.t.Fatal(err)
	}
	stdout, err := init.StdoutPipe()
	if err != nil {
		n.t.Fatal(err)
	}
	if err := init.Start(); err != nil {
		n.t.Fatalf("node: %v", err)
	}
	n.init = init
	n.t.Cleanup(func() {
		_ = stdin.Close()
		_ = init.Wait()
		n.removeCgroups()
	})
	if line, err := bufio.NewReader(stdout).ReadString('\n'); err != nil {
		n.t.Fatalf("node: %q: %v", line, err)
	}
}

// removeCgroups removes the cgroups of the node, which are empty now.
func (n *node) removeCgroups() {
	parents, _ := filepath.Glob("/sys/fs/cgroup/*" + n.cgroup)
	if _, err := os.Stat("/sys/fs/cgroup" + n.cgroup); err == nil {
		parents = append(parents, "/sys/fs/cgroup"+n.cgroup)
	}
	for _, parent := range parents {
		n.until(parent+" is removed", func() bool {
			var dirs []string
			_ = filepath.WalkDir(parent, func(path string, d fs.DirEntry, err error) error {
				if err == nil && d.IsDir() {
					dirs = append(dirs, path)
				}
				return nil
			})
			for i := len(dirs) - 1; i >= 0; i-- {
				_ = os.Remove(dirs[i])
			}
			_, err := os.Stat(parent)
			return os.IsNotExist(err)
		})
	}
}

// connect makes the clients of the CRI API.
func (n *node) connect() {
	n.t.Helper()
	quick := backoff.Config{BaseDelay: pause, Multiplier: 1, MaxDelay: pause}
	connection, err := grpc.NewClient("unix://"+n.path(socket), grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithConnectParams(grpc.ConnectParams{Backoff: quick, MinConnectTimeout: patience}))
	if err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(func() { _ = connection.Close() })
	n.runtime, n.images = cri.NewRuntimeServiceClient(connection), cri.NewImageServiceClient(connection)
}

// start starts containerd and waits until CRI answers.
func (n *node) start() {
	n.t.Helper()
	n.launch()
	n.until("containerd answers", func() bool {
		_, err := n.runtime.Version(n.ctx, &cri.VersionRequest{})
		return err == nil
	})
}

// launch starts containerd.
func (n *node) launch() {
	n.t.Helper()
	log, err := os.OpenFile(n.path(logFile), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		n.t.Fatal(err)
	}
	defer log.Close()
	cmd := n.command("sh", "-c", "echo $$ >"+pidFile+"; exec containerd --log-level warn")
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		n.t.Fatal(err)
	}
	go func() { _ = cmd.Wait() }()
}

// end sends the signal to containerd and waits for its end.
func (n *node) end(signal unix.Signal) {
	n.t.Helper()
	pid := strings.TrimSpace(n.read(pidFile))
	n.kill(signal, pid)
	n.gone(pid)
}

// command prepares a command on the node.
func (n *node) command(args ...string) *exec.Cmd {
	return n.commandIn([]string{"--mount", "--net", "--pid"}, args...)
}

// commandIn prepares a command in some namespaces of the node, which are flags of nsenter.
func (n *node) commandIn(namespaces []string, args ...string) *exec.Cmd {
	target := []string{"--target", strconv.Itoa(n.init.Process.Pid)}
	cmd := exec.Command("nsenter", slices.Concat(target, namespaces, []string{"--"}, args)...)
	cmd.Env = append(os.Environ(), "PATH="+n.release.binary("")+":"+os.Getenv("PATH"))
	return cmd
}

// run runs a command on the node and returns its stdout.
func (n *node) run(args ...string) string {
	n.t.Helper()
	cmd := n.command(args...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		n.t.Fatalf("%s: %v\n%s%s", strings.Join(args, " "), err, out, &stderr)
	}
	return string(out)
}

// kill sends a signal to a process of the node.
func (n *node) kill(signal unix.Signal, pid string) {
	n.t.Helper()
	n.run("sh", "-c", fmt.Sprintf("kill -%d %s", signal, pid))
}

// gone waits for the end of a process of the node.
func (n *node) gone(pid string) {
	n.t.Helper()
	n.until("process "+pid+" is gone", func() bool {
		_, err := os.Stat(n.path("/proc/" + pid))
		return os.IsNotExist(err)
	})
}

// path returns where a file of the node is to be found from outside.
func (n *node) path(path string) string {
	return fmt.Sprintf("/proc/%d/root%s", n.init.Process.Pid, path)
}

func (n *node) read(path string) string {
	n.t.Helper()
	data, err := os.ReadFile(n.path(path))
	if err != nil {
		n.t.Fatal(err)
	}
	return string(data)
}

func (n *node) write(path string, data []byte) {
	n.t.Helper()
	err := os.MkdirAll(filepath.Dir(n.path(path)), 0o755)
	if err == nil {
		err = os.WriteFile(n.path(path), data, 0o644)
	}
	if err != nil {
		n.t.Fatal(err)
	}
}

// until waits for a state.
func (n *node) until(state string, reached func() bool) {
	n.t.Helper()
	for deadline := time.Now().Add(patience); !reached(); time.Sleep(pause) {
		if time.Now().After(deadline) {
			n.t.Fatalf("after %v still not so: %s", patience, state)
		}
	}
}
