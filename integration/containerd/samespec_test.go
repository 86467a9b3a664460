package containerd

import (
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
)

// TestSameSpec compares what containerd gives runc for a container of a pod with and without the base specification, field by field:
// nothing but the hooks differs. CRI takes some defaults out of its own specification only where no base specification is set.
func TestSameSpec(t *testing.T) {
	onEachBy(t, withoutBaseSpec, ship(shipped), func(t *testing.T, n *node) {
		for _, k := range kinds {
			if k.handler != "runc" && n.release != containerd2 {
				continue // CRI has no user namespaces there
			}
			with, without := n.specOf(k, k.handler), n.specOf(k, k.handler+plain)
			if !strings.Contains(fmt.Sprint(with["hooks"]), "etcfiles-mount") {
				t.Errorf("%s: the hooks are %v", k.name, with["hooks"])
			}
			delete(with, "hooks")
			for _, difference := range differences("", without, with) {
				t.Errorf("%s: %s", k.name, difference)
			}
		}
	})
}

// Runtime handlers beside runc.
const (
	mapping = "mapping" // with a runc that maps the files of a mount, which a user namespace needs
	plain   = "-plain"  // at the end of a name: without a base specification
)

// withoutBaseSpec delivers by the base specification and has handlers without one.
func withoutBaseSpec(n *node) {
	lines := n.linesOf(n.makeBaseSpec(baseSpec))
	var more strings.Builder
	handler := func(name, settings string) {
		fmt.Fprintf(&more, "[%[1]s.containerd.runtimes.%[2]s]\n  runtime_type = \"io.containerd.runc.v2\"\n%[3]s", n.release.table, name, settings)
	}
	options := func(name string) {
		fmt.Fprintf(&more, "[%s.containerd.runtimes.%s.options]\n  BinaryName = %q\n", n.release.table, name, filepath.Join(repository, "bin/runc/runc"))
	}
	handler("runc"+plain, "")
	handler(mapping, fmt.Sprintf("  base_runtime_spec = %q\n", baseSpec))
	options(mapping)
	handler(mapping+plain, "")
	options(mapping + plain)
	n.configure(lines, more.String())
}

// kind is a kind of pod and container.
type kind struct {
	name      string
	handler   string
	sandbox   cri.LinuxSandboxSecurityContext
	container cri.LinuxContainerSecurityContext
}

var kinds = []*kind{
	{name: "unprivileged", handler: "runc"},
	{
		name: "privileged", handler: "runc",
		sandbox:   cri.LinuxSandboxSecurityContext{Privileged: true},
		container: cri.LinuxContainerSecurityContext{Privileged: true},
	},
	{
		name: "restricted", handler: "runc",
		container: cri.LinuxContainerSecurityContext{
			NoNewPrivs: true, ReadonlyRootfs: true, RunAsUser: &cri.Int64Value{Value: 1000},
			Capabilities: &cri.Capability{AddCapabilities: []string{"NET_ADMIN"}, DropCapabilities: []string{"ALL"}},
			Seccomp:      &cri.SecurityProfile{ProfileType: cri.SecurityProfile_RuntimeDefault},
		},
	},
	{
		name: "with a user namespace", handler: mapping,
		sandbox:   cri.LinuxSandboxSecurityContext{NamespaceOptions: &mapped},
		container: cri.LinuxContainerSecurityContext{NamespaceOptions: &mapped},
	},
	{
		name: "with the namespaces of the host", handler: "runc",
		sandbox:   cri.LinuxSandboxSecurityContext{NamespaceOptions: &ofHost},
		container: cri.LinuxContainerSecurityContext{NamespaceOptions: &ofHost},
	},
}

var mapped = cri.NamespaceOption{UsernsOptions: &cri.UserNamespace{
	Mode: cri.NamespaceMode_POD,
	Uids: []*cri.IDMapping{{HostId: 100000, Length: 65536}}, Gids: []*cri.IDMapping{{HostId: 100000, Length: 65536}},
}}

var ofHost = cri.NamespaceOption{Network: cri.NamespaceMode_NODE, Pid: cri.NamespaceMode_NODE, Ipc: cri.NamespaceMode_NODE}

// specOf starts a container of a pod, both of the kind, under a runtime handler and returns the config.json that the handler has got.
// What is different in any two containers has a fixed name there.
func (n *node) specOf(k *kind, handler string) map[string]any {
	n.t.Helper()
	sandbox := n.podConfig("web")
	sandbox.Linux.SecurityContext = &k.sandbox
	if k.sandbox.NamespaceOptions.GetNetwork() == cri.NamespaceMode_NODE {
		sandbox.Hostname = ""
	}
	p, err := n.tryPod(sandbox, handler)
	if err != nil {
		n.t.Fatalf("%s: %v", k.name, err)
	}
	id, err := p.create(&cri.ContainerConfig{
		Metadata: &cri.ContainerMetadata{Name: "main"}, Linux: &cri.LinuxContainerConfig{SecurityContext: &k.container},
	})
	if err != nil {
		n.t.Fatalf("%s: %v", k.name, err)
	}
	_, _, pause := p.state()
	data := n.read("/run/containerd/io.containerd.runtime.v2.task/k8s.io/" + id + "/config.json")
	data = strings.NewReplacer(id, "CONTAINER", p.id, "POD", "/proc/"+pause+"/", "/proc/PAUSE/").Replace(data)
	p.stop()
	p.remove()
	var spec map[string]any
	if err := json.Unmarshal([]byte(data), &spec); err != nil {
		n.t.Fatal(err)
	}
	return spec
}

// differences says of each field in which two values of JSON differ what it is in both.
func differences(field string, before, after any) []string {
	old, isObject := before.(map[string]any)
	made, isStill := after.(map[string]any)
	if !isObject || !isStill {
		if was, is := fmt.Sprintf("%#v", before), fmt.Sprintf("%#v", after); was != is {
			return []string{fmt.Sprintf("%s is %s with the base specification, %s without", field, is, was)}
		}
		return nil
	}
	all := maps.Clone(old)
	maps.Copy(all, made)
	var found []string
	for _, key := range slices.Sorted(maps.Keys(all)) {
		found = append(found, differences(field+"."+key, old[key], made[key])...)
	}
	return found
}
