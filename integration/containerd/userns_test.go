package containerd

import (
	"strings"
	"testing"

	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
)

// TestUserNamespace: root of a pod with a user namespace owns its hosts file and writes it, though nothing of the CRI tells a CNI plugin who that is.
func TestUserNamespace(t *testing.T) {
	byNRIToo := func(n *node) {
		byNRI("", requireNRI)(n)
		withoutBaseSpec(n)
	}
	for name, c := range map[string]struct {
		deliver func(*node)
		handler string
	}{"base spec": {withoutBaseSpec, mapping}, "NRI": {byNRIToo, mapping + plain}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := newNode(t, containerd2, conflist(t, shipped), c.deliver)
			config := n.podConfig("mapped")
			config.Linux.SecurityContext.NamespaceOptions = &mapped
			p, err := n.tryPod(config, c.handler)
			if err != nil {
				t.Fatal(err)
			}
			id, err := p.create(&cri.ContainerConfig{
				Metadata: &cri.ContainerMetadata{Name: "main"},
				Linux:    &cri.LinuxContainerConfig{SecurityContext: &cri.LinuxContainerSecurityContext{NamespaceOptions: &mapped}},
			})
			if err != nil {
				t.Fatal(err)
			}
			if out, ok := n.exec(id, "/bin/sh", "-ec", "echo 192.0.2.1 mine >>/etc/hosts; cat /proc/self/uid_map; ls -ln /etc/hosts"); !ok || !strings.Contains(out, "100000") {
				t.Errorf("root of the pod cannot write its hosts file: %s", out)
			}
			hosts := dataDir + "/etchosts/k8s.io/" + p.id + "/hosts"
			late := n.pod("late")
			if text := n.read(hosts); !strings.Contains(text, "mine") || !strings.Contains(text, "late") {
				t.Errorf("the hosts file is\n%s", text)
			}
			if owner := n.run("stat", "-c", "%a %u:%g", hosts); strings.TrimSpace(owner) != "644 100000:100000" {
				t.Errorf("its mode and owner are %s", owner)
			}
			for _, p := range []*pod{p, late} {
				p.stop()
				p.remove()
			}
			n.expectNothingLeft()
		})
	}
}
