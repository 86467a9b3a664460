package containerd

import (
	"os"
	"strings"
	"testing"

	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
)

// TestStatus shows that a node whose data directory cannot be used is not ready, and why, and that it is ready again afterwards.
// containerd before 2.1 does not ask: there a conflist for CNI 1.1.0 reads as ready and every pod fails.
func TestStatus(t *testing.T) {
	onEach(t, ship(shippedCNI11), func(t *testing.T, n *node) {
		if ready, message := n.networkReady(); !ready {
			t.Fatalf("not ready: %s", message)
		}
		if !n.release.status {
			if _, err := n.tryPod(n.podConfig("web"), ""); err == nil {
				t.Error("a pod starts with a conflist for CNI 1.1.0: this containerd needs no conflist of its own any more")
			}
			return
		}
		web := n.pod("web")
		const aside = "/var/lib/aside"
		for _, dir := range []string{dataDir, dataDir + "/etchosts/k8s.io"} {
			if err := os.Rename(n.path(dir), n.path(aside)); err != nil {
				t.Fatal(err)
			}
			n.write(dir, nil)
			ready, message := n.networkReady()
			if ready || !strings.Contains(message, "dataDir: "+dir) {
				t.Errorf("%s replaced by a file: ready %v, message %q", dir, ready, message)
			}
			if _, err := n.tryPod(n.podConfig("db"), ""); err == nil || !strings.Contains(err.Error(), dataDir) {
				t.Errorf("a pod with %s replaced by a file: %v", dir, err)
			}
			if err := os.Remove(n.path(dir)); err != nil {
				t.Fatal(err)
			}
			if ready, message := n.networkReady(); !ready {
				t.Errorf("%s gone, so that it would be made: %s", dir, message)
			}
			if err := os.Rename(n.path(aside), n.path(dir)); err != nil {
				t.Fatal(err)
			}
			if ready, message := n.networkReady(); !ready {
				t.Errorf("%s back: %s", dir, message)
			}
		}
		db := n.pod("db", func(c *cri.PodSandboxConfig) { c.Metadata.Attempt = 1 })
		web.expectName("db", db.address())
		for _, p := range []*pod{web, db} {
			p.stop()
			p.remove()
		}
		n.expectOnlyFirewallRules()
	})
}

// networkReady returns the condition NetworkReady and its message.
func (n *node) networkReady() (bool, string) {
	n.t.Helper()
	answer, err := n.runtime.Status(n.ctx, &cri.StatusRequest{})
	if err != nil {
		n.t.Fatal(err)
	}
	for _, condition := range answer.Status.Conditions {
		if condition.Type == "NetworkReady" {
			return condition.Status, condition.Message
		}
	}
	n.t.Fatal("no condition NetworkReady")
	return false, ""
}
