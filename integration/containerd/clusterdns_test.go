package containerd

import (
	"strings"
	"testing"

	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
)

// TestClusterDNS has a conflist that is not handed the capability dns, as it is with Multus in front: all that etcfiles knows of a pod's DNS is the
// host's. The pod keeps the resolv.conf that CRI made of the pod's own settings, by a base specification and by NRI, and has the hosts file of etcfiles.
func TestClusterDNS(t *testing.T) {
	multus := edited(func(plugins []any) []any {
		etcfiles := plugins[len(plugins)-1].(map[string]any)
		delete(etcfiles["capabilities"].(map[string]any), "dns")
		return plugins
	})
	look := func(t *testing.T, n *node) {
		p := n.pod("web", func(c *cri.PodSandboxConfig) {
			c.DnsConfig = &cri.DNSConfig{Servers: []string{"192.0.2.9"}, Searches: []string{"shop.svc.example"}, Options: []string{"ndots:5"}}
		})
		id := p.container("main")
		if got, want := must(n.exec(id, "/bin/cat", "/etc/resolv.conf")), n.read(sandboxDir+p.id+"/resolv.conf"); got != want || !strings.Contains(got, "192.0.2.9") {
			t.Errorf("/etc/resolv.conf is\n%s\nand CRI's\n%s", got, want)
		}
		if got := must(n.exec(id, "/bin/cat", "/etc/hosts")); got != p.hosts() {
			t.Errorf("/etc/hosts is\n%s", got)
		}
	}
	onEach(t, multus, look)
	t.Run("NRI", func(t *testing.T) {
		t.Parallel()
		look(t, newNode(t, containerd2, multus(t), byNRI("", requireNRI)))
	})
}

// must returns what was printed.
func must(out string, _ bool) string { return out }
