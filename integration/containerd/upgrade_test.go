package containerd

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
)

// TestUpgrade puts this version in the place of the one before, which has started pods, and then that one back: no pod restarts, no name is
// missing for an instant, also in containers that start meanwhile, and nothing is left in the end. integration/upgrade has the same for all
// that is not a pod.
func TestUpgrade(t *testing.T) {
	before := formerVersion(t)
	for _, c := range []struct {
		name    string
		release release
		deliver func(*node) // for the files to come into pods
		renew   func(*node) // what CHANGELOG.md wants after the update
		back    func(*node) // and before the way back
	}{
		{"base spec", containerd1, byBaseSpec, byBaseSpec, func(n *node) { n.makeBaseSpec(baseSpec, "--adopt=none") }},
		{"NRI", containerd2, byInstalledNRI, func(*node) {}, func(*node) {}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			n := newMachine(t, c.release, "/usr")
			n.run("mkdir", "-p", binDir, filepath.Dir(nriPlugin))
			for _, plugin := range []string{"bridge", "firewall", "host-local", "loopback", "portmap"} {
				n.run("cp", filepath.Join(repository, "bin/cni", plugin), binDir)
			}
			list, err := os.ReadFile(filepath.Join(before, "conflists", shipped))
			if err != nil {
				t.Fatal(err)
			}
			n.install(list)
			n.makeInstall(before, before+"/bin")
			c.deliver(n)
			n.connect()
			n.start()
			n.importImage()

			web, db := n.pod("web"), n.pod("db")
			containers := map[string]*pod{web.container("main"): web, db.container("main"): db}
			var others []*pod
			update := func(turn string, install func()) {
				watched := n.watch(containers)
				install()
				others = append(others, n.goOn(turn, containers))
				n.restart() // which alone makes a plugin of NRI a new one
				others = append(others, n.goOn(turn+"-restarted", containers))
				watched()
			}
			update("this", func() { n.makeInstall(repository, pluginDir) })
			c.renew(n)
			n.restart()
			others = append(others, n.goOn("renewed", containers))
			c.back(n)
			n.restart()
			update("former", func() {
				n.run(binDir+"/etcfiles", "convert", "--to", "2")
				n.makeInstall(before, before+"/bin")
			})
			c.deliver(n)
			n.restart()
			others = append(others, n.goOn("as-before", containers))
			for _, p := range append(others, web, db) {
				p.stop()
				p.remove()
			}
			n.expectOnlyFirewallRules()
			n.expectNothingLeft()
		})
	}
}

// formerVersion returns the sources of the version before, with its programs in bin.
func formerVersion(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(repository, "bin/former")
	if reason, err := os.ReadFile(dir + "/unknown"); err == nil {
		t.Skip(string(reason))
	}
	if _, err := os.Stat(dir + "/source/bin/etcfiles"); err != nil {
		t.Fatalf("%v: run `make former` first", err)
	}
	return dir + "/source"
}

// byInstalledNRI has the files come into pods by what make install has put where containerd looks for it.
func byInstalledNRI(n *node) { n.configure(n.plainHandler(), requireNRI) }

// makeInstall has make install programs of sources on the node, with the plugin of the Node Resource Interface.
func (n *node) makeInstall(source, programs string) {
	n.t.Helper()
	cmd := exec.Command("make", "-C", source, "-o", "build", "install", "BIN="+programs, "DESTDIR="+n.path(""), "NRI_PLUGIN_DIR="+filepath.Dir(nriPlugin))
	if out, err := cmd.CombinedOutput(); err != nil {
		n.t.Fatalf("make install: %v\n%s", err, out)
	}
}

// goOn starts a pod, which finds the pods of the containers and is found by them, and has each of these pods start one more container: it
// has the same file.
func (n *node) goOn(name string, containers map[string]*pod) *pod {
	n.t.Helper()
	late := n.pod(name)
	if id := late.container("main"); !n.delivered(id, late) {
		n.t.Errorf("pod %s does not have its file of the store", name)
	}
	for id, p := range containers {
		late.expectName(p.config.Hostname, p.address())
		if text, _ := n.exec(id, "/bin/cat", "/etc/hosts"); !slices.Equal(lookup(text, name), []string{late.address()}) {
			n.t.Errorf("a container from before does not find %s in\n%s", name, text)
		}
		if id, err := p.tryContainer(name); err != nil || !n.delivered(id, p) {
			n.t.Errorf("one more container of pod %s: %v; it does not have its file of the store", p.config.Hostname, err)
		}
	}
	return late
}

// watch reads the hosts file of each pod as its container sees it, again and again: each has to have all of the pods, with their addresses.
// The function that it returns ends that; then the containers have the processes that they had, and the pods are ready.
func (n *node) watch(containers map[string]*pod) (watched func()) {
	n.t.Helper()
	files, pids := map[string]string{}, map[string]int{}
	addresses := map[string][]string{}
	for id, p := range containers {
		pids[id] = n.pid(id)
		files[id] = n.path(fmt.Sprintf("/proc/%d/root/etc/hosts", pids[id]))
		addresses[p.config.Hostname] = []string{p.address()}
	}
	look := func() error {
		for id, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			for name, want := range addresses {
				if got := lookup(string(text), name); !slices.Equal(got, want) {
					return fmt.Errorf("container %s knows %s as %v, want %v:\n%s", id, name, got, want, text)
				}
			}
		}
		return nil
	}
	end, done := make(chan struct{}), make(chan error, 1)
	go func() {
		var err error
		for ; err == nil; err = look() {
			select {
			case <-end:
				done <- nil
				return
			default:
			}
		}
		done <- err
	}()
	stop := sync.OnceFunc(func() { close(end) })
	n.t.Cleanup(stop)
	return func() {
		n.t.Helper()
		stop()
		if err := <-done; err != nil {
			n.t.Error(err)
		}
		for id, p := range containers {
			if state, address, _ := p.state(); state != cri.PodSandboxState_SANDBOX_READY || address != addresses[p.config.Hostname][0] {
				n.t.Errorf("pod %s is %v with the address %s", p.config.Hostname, state, address)
			}
			if pid := n.pid(id); pid != pids[id] {
				n.t.Errorf("the container of pod %s has the process %d, not %d", p.config.Hostname, pid, pids[id])
			}
		}
	}
}

// pid returns the process ID of a container on the node.
func (n *node) pid(container string) int {
	n.t.Helper()
	answer, err := n.runtime.ContainerStatus(n.ctx, &cri.ContainerStatusRequest{ContainerId: container, Verbose: true})
	if err != nil {
		n.t.Fatal(err)
	}
	var info struct{ PID int }
	if err := json.Unmarshal([]byte(answer.Info["info"]), &info); err != nil {
		n.t.Fatalf("status of container %s: %v", container, err)
	}
	return info.PID
}
