package containerd

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
)

// TestKilledPause kills the pause process of a pod, and replaces the pod as the kubelet does.
func TestKilledPause(t *testing.T) {
	replaceKilled(t, func(p *pod) {
		_, _, pause := p.state()
		p.kill(unix.SIGKILL, pause)
	})
}

// TestKilledShim kills the shim of a pod, and replaces the pod as the kubelet does.
func TestKilledShim(t *testing.T) {
	replaceKilled(t, func(p *pod) { p.kill(unix.SIGKILL, p.shim()) })
}

// TestKilledWhileDown kills a pod's shim and pause process while containerd is not running.
func TestKilledWhileDown(t *testing.T) {
	replaceKilled(t, func(p *pod) {
		_, _, pause := p.state()
		shim := p.shim()
		p.end(unix.SIGKILL)
		p.kill(unix.SIGKILL, shim)
		p.kill(unix.SIGKILL, pause)
		p.start()
	})
}

func replaceKilled(t *testing.T, killPod func(*pod)) {
	onEach(t, ship(shipped), func(t *testing.T, n *node) {
		web, db := n.pod("web"), n.pod("db")
		container := db.container("main")
		killPod(db)
		n.until("the pod is not ready", func() bool {
			state, _, _ := db.state()
			return state == cri.PodSandboxState_SANDBOX_NOTREADY
		})
		db.stop()
		web.expectName("db")
		again := n.pod("db", func(c *cri.PodSandboxConfig) { c.Metadata.Attempt = 1 })
		web.expectName("db", again.address())
		again.expectName("web", web.address())
		n.until("the container of the killed pod can be removed", func() bool {
			_, err := n.runtime.RemoveContainer(n.ctx, &cri.RemoveContainerRequest{ContainerId: container})
			return err == nil
		})
		db.remove()
		web.expectName("db", again.address())
		for _, p := range []*pod{again, web} {
			p.stop()
			p.remove()
		}
		n.expectNothingLeft()
	})
}

// shim returns the process ID of the pod's shim on the node.
func (p *pod) shim() string {
	p.t.Helper()
	shims := p.processes(func(arguments string) bool {
		return strings.Contains(arguments, "containerd-shim-runc-v2") && strings.Contains(arguments, p.id)
	})
	if len(shims) == 0 {
		p.t.Fatalf("pod %s has no shim", p.config.Metadata.Name)
	}
	return shims[0]
}

// processes returns the process IDs on the node of the processes whose command line, with its words separated by NUL, is wanted.
func (n *node) processes(wanted func(string) bool) []string {
	n.t.Helper()
	dirs, err := os.ReadDir(n.path("/proc"))
	if err != nil {
		n.t.Fatal(err)
	}
	var out []string
	for _, dir := range dirs {
		line, err := os.ReadFile(n.path("/proc/" + dir.Name() + "/cmdline"))
		if err == nil && wanted(string(line)) {
			out = append(out, dir.Name())
		}
	}
	return out
}

// TestCrashWhileStarting kills containerd while it starts pods. It knows them afterwards; when they are removed, nobody's file has
// anything of them, however far their ADD had come.
func TestCrashWhileStarting(t *testing.T) {
	onEach(t, ship(shipped), func(t *testing.T, n *node) {
		web := n.pod("web")
		var starts sync.WaitGroup
		for i := range 8 {
			starts.Go(func() { _, _ = n.tryPod(n.podConfig(fmt.Sprintf("pod-%d", i)), "") })
		}
		n.until("some of the pods are in the store", func() bool {
			dirs, _ := os.ReadDir(n.path(dataDir + "/etchosts/k8s.io"))
			return len(dirs) > 3
		})
		n.end(unix.SIGKILL)
		starts.Wait()
		n.until("no CNI plugin runs any more", func() bool {
			return len(n.processes(func(arguments string) bool { return strings.HasPrefix(arguments, binDir) })) == 0
		})
		n.forgetEmptyResults()
		n.start()
		answer, err := n.runtime.ListPodSandbox(n.ctx, &cri.ListPodSandboxRequest{})
		if err != nil {
			t.Fatal(err)
		}
		for _, item := range answer.Items {
			if item.Id != web.id {
				p := &pod{n, item.Id, &cri.PodSandboxConfig{Metadata: item.Metadata}}
				p.stop()
				p.remove()
			}
		}
		for i := range 8 {
			web.expectName(fmt.Sprintf("pod-%d", i))
		}
		web.expectName("web", web.address())
		web.stop()
		web.remove()
		n.expectOnlyFirewallRules()
	})
}

// forgetEmptyResults removes what libcni was about to remember when containerd was killed: it makes the file first and writes it then, and containerd stops
// no pod whose file is empty, until somebody removes that.
func (n *node) forgetEmptyResults() {
	n.t.Helper()
	files, err := filepath.Glob(n.path("/var/lib/cni/results/*"))
	for _, file := range files {
		info, statErr := os.Stat(file)
		if err = errors.Join(err, statErr); statErr == nil && info.Size() == 0 {
			err = errors.Join(err, os.Remove(file))
		}
	}
	if err != nil {
		n.t.Fatal(err)
	}
}

// TestRestart ends containerd in the way of an update and of a crash: pods run on with their names, and what comes and goes
// afterwards is in their files.
func TestRestart(t *testing.T) {
	onEach(t, ship(shipped), func(t *testing.T, n *node) {
		web, db := n.pod("web"), n.pod("db")
		container := web.container("main")
		before := db.address()
		for _, signal := range []unix.Signal{unix.SIGTERM, unix.SIGKILL} {
			n.end(signal)
			n.start()
			if state, address, _ := db.state(); state != cri.PodSandboxState_SANDBOX_READY || address != before {
				t.Fatalf("after %v the pod is %v with the address %s", signal, state, address)
			}
			web.expectName("db", before)
			late := n.pod("late")
			web.expectName("late", late.address())
			late.expectName("db", before)
			if _, ok := n.exec(container, "/bin/ping", "-c", "1", "late"); !ok {
				t.Errorf("after %v a running container does not reach a new pod", signal)
			}
			late.stop()
			late.remove()
			web.expectName("late")
		}
		for _, p := range []*pod{web, db} {
			p.stop()
			p.remove()
		}
		n.expectNothingLeft()
	})
}

// restart ends containerd and starts it again.
func (n *node) restart() {
	n.t.Helper()
	n.end(unix.SIGTERM)
	n.start()
}
