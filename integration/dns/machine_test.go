package dns

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// Files of the repository.
const (
	repository = "../.."
	conflist   = repository + "/conflists/10-bridge.conflist"
	servers    = repository + "/conflists/dns/"
)

// machine is a network and a mount namespace with a /var/lib, a /run and an /etc/resolv.conf of its own. A process holds them
// that ends with the test, so nothing in them outlives it.
type machine struct {
	t      *testing.T
	root   string // of the repository
	dir    string // with net.d, nsswitch.conf and resolv.conf
	holder int    // process
}

// newMachine makes a machine with a nameserver of its own, see serveElsewhere.
func newMachine(t *testing.T) *machine {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Fatal("this test makes namespaces and mounts: run it as root")
	}
	root, err := filepath.Abs(repository)
	if err != nil {
		t.Fatal(err)
	}
	for _, program := range []string{"bin/coredns", "bin/cni/bridge", "bin/cni/etcfiles"} {
		if _, err := os.Stat(filepath.Join(root, program)); err != nil {
			t.Fatalf("%v: run `make build cni-plugins bin/coredns` first", err)
		}
	}
	m := &machine{t: t, root: root, dir: t.TempDir()}
	m.write("nsswitch.conf", "hosts: dns\n")
	m.write("resolv.conf", "nameserver 127.0.0.1\n")
	m.boot()
	m.serveElsewhere()
	return m
}

// boot makes the namespaces.
func (m *machine) boot() {
	m.t.Helper()
	holder := exec.Command("unshare", "--mount", "--net", "--propagation", "private", "sh", "-ec", `
		mount -t tmpfs -o mode=755 tmpfs /var/lib
		mount -t tmpfs -o mode=755 tmpfs /run
		mount --bind "$1/resolv.conf" /etc/resolv.conf
		ip link set lo up
		echo ready
		exec cat`, "sh", m.dir)
	holder.Stderr = os.Stderr
	stdin, err := holder.StdinPipe()
	if err != nil {
		m.t.Fatal(err)
	}
	stdout, err := holder.StdoutPipe()
	if err != nil {
		m.t.Fatal(err)
	}
	if err := holder.Start(); err != nil {
		m.t.Fatal(err)
	}
	m.t.Cleanup(func() {
		_ = stdin.Close()
		_ = holder.Wait()
	})
	if line, err := bufio.NewReader(stdout).ReadString('\n'); err != nil {
		m.t.Fatalf("machine: %q: %v", line, err)
	}
	m.holder = holder.Process.Pid
}

func (m *machine) write(name, text string) {
	m.t.Helper()
	if err := os.WriteFile(filepath.Join(m.dir, name), []byte(text), 0o644); err != nil {
		m.t.Fatal(err)
	}
}

// command prepares a command on the machine, at the root of the repository and with its bin first in PATH.
func (m *machine) command(args ...string) *exec.Cmd {
	cmd := exec.Command("nsenter", append([]string{
		"--target", strconv.Itoa(m.holder), "--mount", "--net", "--wdns=" + m.root, "--",
	}, args...)...)
	cmd.Env = append(os.Environ(), "PATH="+filepath.Join(m.root, "bin")+":"+os.Getenv("PATH"))
	return cmd
}

// run runs a command on the machine.
func (m *machine) run(args ...string) {
	m.t.Helper()
	m.finish(m.command(args...))
}

func (m *machine) finish(cmd *exec.Cmd) {
	m.t.Helper()
	if out, err := cmd.CombinedOutput(); err != nil {
		m.t.Fatalf("%s: %v\n%s", strings.Join(cmd.Args, " "), err, out)
	}
}

// start runs a server until the end of the test. The function that it returns tells whether it is still running.
func (m *machine) start(line string) (alive func() bool) {
	m.t.Helper()
	cmd := m.command("sh", "-c", "exec "+line)
	var log strings.Builder
	cmd.Stdout, cmd.Stderr = &log, &log
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		m.t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	m.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-ended
		if m.t.Failed() {
			m.t.Logf("%s:\n%s", line, &log)
		}
	})
	return func() bool { return cmd.Process.Signal(syscall.Signal(0)) == nil }
}

// install puts a conflist in place.
func (m *machine) install(list string) {
	m.t.Helper()
	if err := os.Mkdir(filepath.Join(m.dir, "net.d"), 0o755); err != nil {
		m.t.Fatal(err)
	}
	m.write("net.d/lab.conflist", list)
}

// add attaches a container to the network: its namespace has its name.
func (m *machine) add(name string) {
	m.t.Helper()
	m.run("ip", "netns", "add", name)
	m.cni("add", name)
}

// del detaches a container.
func (m *machine) del(name string) {
	m.t.Helper()
	m.cni("del", name)
	m.run("ip", "netns", "del", name)
}

func (m *machine) cni(verb, name string) {
	m.t.Helper()
	cmd := m.command("bin/cni/cnitool", verb, "lab", "/run/netns/"+name)
	cmd.Env = append(cmd.Env, "NETCONFPATH="+filepath.Join(m.dir, "net.d"), "CNI_PATH="+filepath.Join(m.root, "bin/cni"),
		fmt.Sprintf(`CAP_ARGS={"etcfiles":{"name":%q,"hostname":%[1]q,"domainname":"shop"}}`, name))
	m.finish(cmd)
}

// inside runs a program in a container with the resolv.conf that etcfiles has made for it, and nothing but DNS in
// nsswitch.conf, and returns what it printed.
func (m *machine) inside(name string, args ...string) string {
	m.t.Helper()
	cmd := m.command(append([]string{"ip", "netns", "exec", name, "sh", "-ec", `
		hostname=$(grep -lx "$1" /var/lib/etcfiles/containers/default/*/hostname)
		mount --bind "${hostname%/*}/resolv.conf" /etc/resolv.conf
		mount --bind "$2/nsswitch.conf" /etc/nsswitch.conf
		shift 2
		exec "$@"`, "sh", name, m.dir}, args...)...)
	out, _ := cmd.CombinedOutput() // a name that is absent is an error to them
	return string(out)
}
