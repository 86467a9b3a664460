package containerd

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/containerd/containerd/v2/client"
	"github.com/containerd/containerd/v2/core/containers"
	"github.com/containerd/containerd/v2/pkg/cio"
	"github.com/containerd/containerd/v2/pkg/namespaces"
	"github.com/containerd/containerd/v2/pkg/oci"
	specs "github.com/opencontainers/runtime-spec/specs-go"
)

// withEtcfiles puts a container on a network and gives it its files, by the hooks that lie in dir.
func withEtcfiles(dir, network, name string) oci.SpecOpts {
	return func(ctx context.Context, client oci.Client, c *containers.Container, spec *oci.Spec) error {
		hook := func(args ...string) []specs.Hook {
			return []specs.Hook{{Path: filepath.Join(dir, args[0]), Args: args}}
		}
		spec.Hooks = &specs.Hooks{
			CreateRuntime:   hook("oci-cni-hook", "--allow", "networks", "createRuntime"),
			CreateContainer: hook("etcfiles-mount", "--sandbox-annotation", "none", "createContainer"),
			Poststop:        hook("oci-cni-hook", "--allow", "networks", "poststop"),
		}
		spec.Hostname = name
		annotations := map[string]string{"etcfiles/networks": network, "etcfiles/name": name}
		return oci.WithAnnotations(annotations)(ctx, client, c, spec)
	}
}

// TestClient covers a Go program on containerd's client, which gets no network and none of the three files from containerd: with the function
// of the page its containers find each other, with the files of etcfiles, and nothing is left.
func TestClient(t *testing.T) {
	source, err := os.ReadFile("client_test.go")
	if err != nil {
		t.Fatal(err)
	}
	if function := block(t, driversPage, "containerd's client") + "\n"; !strings.Contains(string(source), "\n"+function+"\n") {
		t.Fatalf("the page has another function than this test:\n%s", function)
	}
	onEach(t, ship(shipped), func(t *testing.T, n *node) {
		n.write("/run/rootfs/etc/nsswitch.conf", []byte("hosts: files\n"))
		if err := os.Mkdir(n.path("/run/rootfs/bin"), 0o755); err != nil {
			t.Fatal(err)
		}
		n.run("cp", "/usr/bin/busybox", "/run/rootfs/bin/")
		c, err := client.New(n.path(socket))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		ctx := namespaces.WithNamespace(t.Context(), "shop")
		tasks := map[string]client.Task{}
		for _, name := range []string{"web", "db"} {
			tasks[name] = n.startByClient(ctx, c, name)
		}
		for _, name := range []string{"web", "db"} {
			text := n.read(dataDir + "/etchosts/shop/shop-" + name + "/hosts")
			for _, peer := range []string{"web", "db"} {
				if got := lookup(text, peer); len(got) != 1 || !strings.HasPrefix(got[0], "10.231.10.") {
					t.Errorf("%s knows %s as %v:\n%s", name, peer, got, text)
				}
			}
			if got := n.insideTask(tasks[name], "cat", "/etc/hosts", "/etc/hostname"); got != text+n.read(dataDir+"/containers/shop/shop-"+name+"/hostname") {
				t.Errorf("%s has the files\n%s", name, got)
			}
			if got := n.insideTask(tasks[name], "cat", "/etc/resolv.conf"); !strings.Contains(got, "nameserver "+nameserver) {
				t.Errorf("%s has the resolv.conf\n%s", name, got)
			}
		}
		for name, task := range tasks {
			n.endByClient(ctx, c, name, task)
		}
		n.expectNothingLeft()
	})
}

// startByClient runs a container whose root file system is that of the other tests of ctr.
func (n *node) startByClient(ctx context.Context, c *client.Client, name string) client.Task {
	n.t.Helper()
	container, err := c.NewContainer(ctx, name, client.WithNewSpec(
		oci.WithRootFSPath("/run/rootfs"), oci.WithProcessArgs("/bin/busybox", "sleep", "2147483647"), oci.WithCgroup(n.cgroup+"/"+name),
		withEtcfiles(binDir, "lab", name)))
	if err != nil {
		n.t.Fatal(err)
	}
	task, err := container.NewTask(ctx, cio.NullIO)
	if err == nil {
		err = task.Start(ctx)
	}
	if err != nil {
		n.t.Fatal(err)
	}
	return task
}

// insideTask returns what an applet of busybox prints in the namespaces of a task.
func (n *node) insideTask(task client.Task, args ...string) string {
	n.t.Helper()
	return n.run(append([]string{"nsenter", "--target", strconv.Itoa(int(task.Pid())), "--mount", "--root", "--", "/bin/busybox"}, args...)...)
}

// endByClient kills a container and removes it.
func (n *node) endByClient(ctx context.Context, c *client.Client, name string, task client.Task) {
	n.t.Helper()
	_, err := task.Delete(ctx, client.WithProcessKill)
	if err == nil {
		var container client.Container
		if container, err = c.LoadContainer(ctx, name); err == nil {
			err = container.Delete(ctx)
		}
	}
	if err != nil {
		n.t.Error(err)
	}
}
