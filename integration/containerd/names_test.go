package containerd

import (
	"testing"

	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
)

// TestNames has pods find each other by name: the short name within a Kubernetes namespace, pod.namespace from all.
func TestNames(t *testing.T) {
	onEach(t, ship(shipped), func(t *testing.T, n *node) {
		web, db := n.pod("web"), n.pod("db")
		other := n.pod("other", func(c *cri.PodSandboxConfig) { c.Metadata.Namespace = "office" })
		for _, p := range []*pod{web, db} {
			p.expectName("web", web.address())
			p.expectName("db", db.address())
			p.expectName("other")
			p.expectName("other.office", other.address())
			p.expectName("localhost", "127.0.0.1", "::1")
		}
		other.expectName("web")
		other.expectName("web.shop", web.address())
		if got := web.hostname(); got != "web\n" {
			t.Errorf("hostname file %q", got)
		}
		if len(n.leftovers()) == 0 {
			t.Error("three pods run and the search for what is left finds nothing")
		}
		for _, p := range []*pod{web, db, other} {
			p.stop()
			p.remove()
		}
		n.expectNothingLeft()
	})
}
