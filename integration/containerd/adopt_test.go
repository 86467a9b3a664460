package containerd

import (
	"strings"
	"testing"

	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
)

// TestAdopt has the kubelet's hosts file of a StatefulSet's pod, with hostAliases, mounted at /etc/hosts in containers of the pod, as the
// kubelet does (k8s#67906): they have the FQDN and the aliases, in the store's file, and peers.
func TestAdopt(t *testing.T) {
	test := func(t *testing.T, n *node) {
		const name, fqdn = "db-0", "db-0.db.shop.svc.cluster.local"
		p := n.pod(name)
		n.write(kubeletHosts, []byte("# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n"+
			p.address()+"\t"+fqdn+"\t"+name+"\n\n# Entries added by HostAliases.\n10.1.2.3\tlegacy.example.com\tlegacy\n"))
		for _, container := range []string{"main", "sidecar"} {
			id, err := p.create(&cri.ContainerConfig{
				Metadata: &cri.ContainerMetadata{Name: container}, Linux: &cri.LinuxContainerConfig{},
				Mounts: []*cri.Mount{{ContainerPath: "/etc/hosts", HostPath: kubeletHosts}},
			})
			if err != nil {
				t.Fatal(err)
			}
			if got, _ := n.exec(id, "/bin/hostname", "-f"); got != fqdn+"\n" {
				t.Errorf("hostname -f: %q", got)
			}
			hosts, _ := n.exec(id, "/bin/cat", "/etc/hosts")
			if hosts != p.hosts() || !strings.Contains(hosts, "\n10.1.2.3        legacy.example.com legacy\n") {
				t.Errorf("/etc/hosts is\n%s\nwant\n%s", hosts, p.hosts())
			}
			late := n.pod("late-" + container)
			if got, _ := n.exec(id, "/bin/ping", "-c", "1", "late-"+container); !strings.Contains(got, late.address()) {
				t.Errorf("ping of a pod that came later: %s", got)
			}
			late.stop()
			late.remove()
		}
		p.stop()
		p.remove()
		n.expectNothingLeft()
	}
	t.Run("base specification", func(t *testing.T) { onEach(t, ship(shipped), test) })
	t.Run("NRI", func(t *testing.T) {
		t.Parallel()
		test(t, newNode(t, containerd2, conflist(t, shipped), byNRI("", requireNRI)))
	})
}
