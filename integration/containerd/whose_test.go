package containerd

import (
	"path"
	"strings"
	"testing"
)

// TestAnotherNetns has a record of another network namespace under the ID of a pod: a container of the pod is not given what a
// peer wrote there, and is again when the record is its own.
func TestAnotherNetns(t *testing.T) {
	test := func(t *testing.T, n *node) {
		p := n.pod("web")
		if id := p.container("before"); !n.delivered(id, p) {
			t.Error("a container of the pod does not have its files")
		}
		dir := dataDir + "/etchosts/k8s.io/" + p.id
		record, netns := n.read(path.Join(dir, "meta.json")), n.read(path.Join(dir, "netns"))
		n.write(path.Join(dir, "meta.json"), []byte(strings.Replace(record, `"Inode":`, `"Inode":1`, 1)))
		n.write(path.Join(dir, "netns"), []byte(strings.Replace(netns, " ", " 1", 1)))
		if id := p.container("another"); n.delivered(id, p) {
			t.Error("a container has the files of a record of another network namespace")
		}
		n.write(path.Join(dir, "meta.json"), []byte(record))
		n.write(path.Join(dir, "netns"), []byte(netns))
		if id := p.container("after"); !n.delivered(id, p) {
			t.Error("a container of the pod does not have its files again")
		}
	}
	t.Run("base specification", func(t *testing.T) { onEach(t, ship(shipped), test) })
	t.Run("NRI", func(t *testing.T) {
		t.Parallel()
		test(t, newNode(t, containerd2, conflist(t, shipped), byNRI("", requireNRI)))
	})
}
