package conflists

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coreos/go-iptables/iptables"
)

// host is a network namespace that stands for a machine, with directories of its own.
type host struct {
	t      *testing.T
	netns  string
	dir    string
	plugin string // directory of the CNI plugins
}

func newHost(t *testing.T) *host {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Fatal("this test makes network namespaces: run it as root")
	}
	plugins := os.Getenv("CNI_PLUGINS")
	if plugins == "" {
		plugins, _ = filepath.Abs("../../bin/cni")
	}
	if _, err := os.Stat(filepath.Join(plugins, "bridge")); err != nil {
		t.Fatalf("the reference plugins are missing: run `make test`, or `make cni-plugins` first: %v", err)
	}
	h := &host{t: t, netns: newNetns(t, "host"), dir: t.TempDir(), plugin: plugins}
	h.run("ip", "link", "set", "lo", "up")
	return h
}

// newNetns makes a network namespace that is gone after the test.
func newNetns(t *testing.T, role string) string {
	t.Helper()
	name := fmt.Sprintf("etcfiles-%s-%d-%d", role, os.Getpid(), time.Now().UnixNano()%1e9)
	output(t, exec.Command("ip", "netns", "add", name))
	t.Cleanup(func() { output(t, exec.Command("ip", "netns", "del", name)) })
	return name
}

func output(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(cmd.Args, " "), err, out)
	}
	return string(out)
}

// command prepares a command in the host's network namespace.
func (h *host) command(args ...string) *exec.Cmd {
	return exec.Command("ip", append([]string{"netns", "exec", h.netns}, args...)...)
}

func (h *host) run(args ...string) string {
	h.t.Helper()
	return output(h.t, h.command(args...))
}

// start runs a daemon in a network namespace until the end of the test.
func start(t *testing.T, netns string, args ...string) {
	t.Helper()
	cmd := exec.Command("ip", append([]string{"netns", "exec", netns}, args...)...)
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
}

// cni runs cnitool for a container that has the network namespace as its own.
func (h *host) cni(verb, network, netns, name, capabilities string) (string, error) {
	if capabilities != "" {
		capabilities = "," + capabilities
	}
	cmd := h.command(filepath.Join(h.plugin, "cnitool"), verb, network, "/run/netns/"+netns)
	cmd.Env = append(os.Environ(),
		"NETCONFPATH="+h.dir+"/net.d", "CNI_PATH="+h.plugin, "CNI_IFNAME=eth0",
		fmt.Sprintf(`CAP_ARGS={"etcfiles":{"name":%q,"hostname":%q}%s}`, name, name, capabilities))
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// rules lists the iptables rules that name the container or lead to a chain of its own.
func (h *host) rules(address string) []string {
	h.t.Helper()
	var found []string
	for _, line := range strings.Split(h.run(os.Args[0], "-test.run=^TestListRules$", "-test.v"), "\n") {
		if strings.Contains(line, address+"/") || strings.Contains(line, "-N CNI-DN-") || strings.Contains(line, `id: \"`) {
			found = append(found, line)
		}
	}
	return found
}

// TestListRules prints the rules of the network namespace that it runs in: rules re-runs the test binary for that.
func TestListRules(t *testing.T) {
	for _, protocol := range []iptables.Protocol{iptables.ProtocolIPv4, iptables.ProtocolIPv6} {
		ipt, err := iptables.NewWithProtocol(protocol)
		if err != nil {
			t.Fatal(err)
		}
		for _, table := range []string{"filter", "nat"} {
			chains, err := ipt.ListChains(table)
			if err != nil {
				t.Fatal(err)
			}
			for _, chain := range chains {
				rules, err := ipt.List(table, chain)
				if err != nil {
					t.Fatal(err)
				}
				for _, rule := range rules {
					fmt.Println(rule)
				}
			}
		}
	}
}
