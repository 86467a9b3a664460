package containerd

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

// TestCtrCNI covers `ctr run --cni`, which calls CNI for a container that has been created, with the ID NAMESPACE-CONTAINER and
// without any capability argument, and which calls DEL with no network namespace. The names are the containers' own. ctr 1.6 does so only when it stays in the
// foreground; what it leaves of the store goes with the next operation, since the network namespace is gone.
func TestCtrCNI(t *testing.T) {
	onEach(t, recorded, func(t *testing.T, n *node) {
		n.run("ctr", "images", "import", imageTar)
		run := func(args ...string) string {
			return n.run(slices.Concat([]string{"ctr", "run", "--cni", "--cgroup", n.cgroup + "/" + args[0]}, args[1:])...)
		}
		run("web", "--detach", imageName, "web")
		run("db", "--detach", imageName, "db")
		hosts := n.read(dataDir + "/etchosts/default/default-web/hosts")
		for _, name := range []string{"web", "db"} {
			if got := lookup(hosts, name); len(got) != 1 || !strings.HasPrefix(got[0], "10.231.10.") {
				t.Errorf("%s has the addresses %v:\n%s", name, got, hosts)
			}
		}
		out := run("once", "--rm", imageName, "once", "/bin/ping", "-c", "1", lookup(hosts, "db")[0])
		if !strings.Contains(out, "1 packets received") {
			t.Errorf("ping of a peer: %s", out)
		}
		for _, id := range []string{"web", "db"} {
			n.removeTask(id)
		}
		dels := 0
		for _, c := range n.calls() {
			if c.Command == "DEL" {
				dels++
			}
			if got, want := c.String(), "DEL netns=false prevResult=true"; c.Command == "DEL" && got != want {
				t.Errorf("call of ctr: %s, want %s", got, want)
			}
		}
		if want := n.release.ctrDELs; dels != want {
			t.Errorf("%d calls of DEL for a container in the foreground and two that are not, want %d", dels, want)
		}
		run("last", "--rm", imageName, "last", "/bin/echo")
		if files := n.files(dataDir); len(files) > 0 {
			t.Errorf("files left in the store: %v", files)
		}
		if n.release.ctrDELs < 3 {
			return
		}
		for _, left := range n.leftovers() {
			// bridge does not find its rules without the network namespace.
			if !strings.HasPrefix(left, "iptables: ") || strings.Contains(left, "CNI-FORWARD") {
				t.Errorf("left over: %s", left)
			}
		}
	})
}

// TestCtrConfig covers `ctr run --config` with a specification that has oci-cni-hook and etcfiles-mount as hooks, under runc
// and crun: containers find each other by name, and nothing is left.
func TestCtrConfig(t *testing.T) {
	onEach(t, ship(shipped), func(t *testing.T, n *node) {
		n.write("/run/rootfs/etc/nsswitch.conf", []byte("hosts: files\n"))
		if err := os.Mkdir(n.path("/run/rootfs/bin"), 0o755); err != nil {
			t.Fatal(err)
		}
		n.run("cp", "/usr/bin/busybox", "/run/rootfs/bin/")
		for _, binary := range []string{"runc", crun} {
			ids := []string{"web", "db"}
			for _, id := range ids {
				n.write("/run/"+id+".json", n.hookedSpec(id))
				n.run("ctr", "run", "--detach", "--runc-binary", binary, "--config", "/run/"+id+".json", id)
			}
			for _, id := range ids {
				hosts := n.read(dataDir + "/etchosts/default/default-" + id + "/hosts")
				if got := n.ctrExec(id, "/bin/busybox", "cat", "/etc/hosts"); got != hosts {
					t.Errorf("%s: /etc/hosts in %s is\n%s\nwant\n%s", binary, id, got, hosts)
				}
				for _, peer := range ids {
					out := n.ctrExec(id, "/bin/busybox", "ping", "-c", "1", peer)
					if !strings.Contains(out, "("+lookup(hosts, peer)[0]+")") {
						t.Errorf("%s: ping of %s in %s:\n%s", binary, peer, id, out)
					}
				}
			}
			for _, id := range ids {
				n.removeTask(id)
			}
			n.expectNothingLeft()
		}
	})
}

// ctrExec returns what a program in a container of ctr prints. That of 1.6 loses now and then what a program has printed that
// ends at once.
func (n *node) ctrExec(id string, args ...string) (out string) {
	n.t.Helper()
	attempt := 0
	n.until("ctr shows what a program prints in "+id, func() bool {
		attempt++
		exec := []string{"ctr", "tasks", "exec", "--exec-id", fmt.Sprintf("%s-%d", args[1], attempt), id}
		out = n.run(slices.Concat(exec, args)...)
		return out != ""
	})
	return out
}

// removeTask removes a container of ctr with its task.
func (n *node) removeTask(id string) {
	n.t.Helper()
	n.run("ctr", "tasks", "kill", "--signal", "SIGKILL", id)
	n.until("the task of "+id+" has ended", func() bool {
		return n.command("ctr", "tasks", "delete", id).Run() == nil
	})
	n.run("ctr", "containers", "delete", id)
}

// hookedSpec returns containerd's default specification with both hooks.
func (n *node) hookedSpec(id string) []byte {
	n.t.Helper()
	var spec map[string]any
	if err := json.Unmarshal([]byte(n.run("ctr", "oci", "spec")), &spec); err != nil {
		n.t.Fatal(err)
	}
	hook := func(program, stage string) []any {
		return []any{map[string]any{"path": binDir + "/" + program, "args": []string{program, stage}}}
	}
	spec["hooks"] = map[string]any{
		"createRuntime":   hook("oci-cni-hook", "createRuntime"),
		"createContainer": hook("etcfiles-mount", "createContainer"),
		"poststop":        hook("oci-cni-hook", "poststop"),
	}
	spec["root"] = map[string]any{"path": "/run/rootfs"}
	spec["process"].(map[string]any)["args"] = []string{"/bin/busybox", "sleep", "2147483647"}
	spec["linux"].(map[string]any)["cgroupsPath"] = n.cgroup + "/" + id
	return marshal(n.t, spec)
}
