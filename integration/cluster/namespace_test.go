package cluster

import (
	"bufio"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// namespace is a network and a mount namespace with a /run of its own. A process holds them that ends with the test, and so do all that were started in
// them.
type namespace struct {
	t      *testing.T
	holder int // process
}

// newNamespace makes one, in which a script has run.
func newNamespace(t *testing.T, script string, args ...string) *namespace {
	t.Helper()
	holder := exec.Command("unshare", append([]string{
		"--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc", "--propagation", "private", "sh", "-ec",
		"mount -t tmpfs -o mode=755 tmpfs /run\nip link set lo up\n" + script + "\necho ready\nexec cat", "sh",
	}, args...)...)
	holder.Stderr = os.Stderr
	stdin, err := holder.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := holder.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := holder.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = stdin.Close()
		_ = holder.Wait()
	})
	if line, err := bufio.NewReader(stdout).ReadString('\n'); err != nil {
		t.Fatalf("namespace: %q: %v", line, err)
	}
	children, err := os.ReadFile("/proc/" + strconv.Itoa(holder.Process.Pid) + "/task/" + strconv.Itoa(holder.Process.Pid) + "/children")
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(children)))
	if err != nil {
		t.Fatal(err)
	}
	return &namespace{t, pid}
}

// command prepares a command in the namespaces, with the programs of the test first in PATH.
func (n *namespace) command(args ...string) *exec.Cmd {
	cmd := exec.Command("nsenter", append(n.prefix(), args...)...)
	cmd.Env = append(os.Environ(), "PATH="+programs+":"+os.Getenv("PATH"))
	return cmd
}

func (n *namespace) prefix() []string {
	return []string{"--target", strconv.Itoa(n.holder), "--mount", "--net", "--pid", "--"}
}

// run runs a command there.
func (n *namespace) run(args ...string) string {
	n.t.Helper()
	out, err := n.command(args...).CombinedOutput()
	if err != nil {
		n.t.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// process is one that was started in a namespace.
type process struct {
	cmd   *exec.Cmd
	ended chan error
	log   *log
}

// start starts a command there, until the end of the test.
func (n *namespace) start(args ...string) *process {
	n.t.Helper()
	cmd := n.command(args...)
	p := &process{cmd: cmd, ended: make(chan error, 1), log: &log{}}
	cmd.Stdout, cmd.Stderr = p.log, p.log
	if err := cmd.Start(); err != nil {
		n.t.Fatal(err)
	}
	go func() { p.ended <- cmd.Wait() }()
	n.t.Cleanup(func() {
		p.kill()
		if n.t.Failed() {
			n.t.Logf("%s:\n%s", strings.Join(args, " "), p.log.tail())
		}
	})
	return p
}

// kill ends it by kill -9.
func (p *process) kill() {
	p.end(syscall.SIGKILL)
}

// wait returns how it has ended.
func (p *process) wait() error {
	err := <-p.ended
	p.ended <- err
	return err
}

// over reports whether it has ended.
func (p *process) over() bool {
	select {
	case err := <-p.ended:
		p.ended <- err
		return true
	default:
		return false
	}
}
