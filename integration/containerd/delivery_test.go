package containerd

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
)

// TestDelivery looks at the three files from inside containers, under runc and crun: they are the store's, also after they have
// changed, in every container of a pod, and programs resolve names by them.
func TestDelivery(t *testing.T) {
	onEach(t, ship(shipped), func(t *testing.T, n *node) {
		var pods []*pod
		var containers []string
		for _, handler := range []string{"runc", "crun"} {
			p, err := n.tryPod(n.podConfig(handler), handler)
			if err != nil {
				t.Fatalf("pod for %s: %v", handler, err)
			}
			pods, containers = append(pods, p), append(containers, p.container("server", "/bin/sh", "-c",
				"echo hello from "+handler+" >/index.html; exec /bin/busybox httpd -f -p 80"))
		}
		late := n.pod("late")
		for i, p := range pods {
			second, err := p.tryContainer("second")
			if err != nil {
				t.Fatal(err)
			}
			for _, container := range []string{containers[i], second} {
				for path, want := range map[string]string{
					"/etc/hosts": p.hosts(), "/etc/resolv.conf": p.resolvConf(), "/etc/hostname": p.hostname(),
				} {
					if got, _ := n.exec(container, "/bin/cat", path); got != want {
						t.Errorf("pod %s: %s is\n%s\nwant\n%s", p.config.Hostname, path, got, want)
					}
				}
				for _, peer := range []string{"runc", "crun"} {
					if got, ok := n.exec(container, "/bin/wget", "-q", "-O", "-", "http://"+peer+"/"); !ok || got != "hello from "+peer+"\n" {
						t.Errorf("pod %s: %s answers %q", p.config.Hostname, peer, got)
					}
				}
				if _, ok := n.exec(container, "/bin/ping", "-c", "1", "late"); !ok {
					t.Errorf("pod %s cannot reach the pod that came after it", p.config.Hostname)
				}
				if got, _ := n.exec(container, "/bin/hostname"); got != p.config.Hostname+"\n" {
					t.Errorf("pod %s: hostname is %q", p.config.Hostname, got)
				}
				if got, _ := n.exec(container, "/bin/hostname", "-i"); strings.TrimSpace(got) != p.address() {
					t.Errorf("pod %s: hostname -i is %q, want %s", p.config.Hostname, got, p.address())
				}
			}
		}
		for _, p := range pods { // whose pause container has nothing mounted, and needs nothing
			shown := n.run(pluginDir+"/etcfiles", "show", "shop/"+p.config.Metadata.Name)
			if strings.Count(shown, "  mounted        yes, in process ") != 2 || strings.Contains(shown, "NO, in process") {
				t.Errorf("a healthy pod is shown as\n%s", shown)
			}
		}
		if checked := n.run(pluginDir+"/etcfiles", "check"); checked != "nothing is wrong\n" {
			t.Errorf("check says of healthy pods:\n%s", checked)
		}
		for _, p := range append(pods, late) {
			p.stop()
			p.remove()
		}
		n.expectNothingLeft()
	})
}

// TestUndelivered shows that check sees it when nothing brings the files into pods.
func TestUndelivered(t *testing.T) {
	t.Parallel()
	n := newNode(t, containerd2, conflist(t, shipped), func(n *node) { n.configure(n.plainHandler(), "") })
	p := n.pod("web")
	if checked := n.run(pluginDir+"/etcfiles", "check"); checked != "nothing is wrong\n" {
		t.Errorf("check says of a pod without a container:\n%s", checked)
	}
	p.container("main")
	checked := n.run("sh", "-c", pluginDir+"/etcfiles check; echo exit code $?")
	if !strings.Contains(checked, "wrong") || !strings.Contains(checked, "the hosts file of the store is not mounted in it") || !strings.HasSuffix(checked, "exit code 1\n") {
		t.Errorf("check says of a pod whose container has none of its files:\n%s", checked)
	}
	p.stop()
	p.remove()
	n.expectNothingLeft()
}

// TestReadOnlyRoot shows that the files are delivered into a container with a read-only root file system, and that they cannot
// be written there.
func TestReadOnlyRoot(t *testing.T) {
	onEach(t, ship(shipped), func(t *testing.T, n *node) {
		for _, handler := range []string{"runc", "crun"} {
			p, err := n.tryPod(n.podConfig(handler), handler)
			if err != nil {
				t.Fatal(err)
			}
			id, err := p.create(&cri.ContainerConfig{
				Metadata: &cri.ContainerMetadata{Name: "readonly"},
				Linux:    &cri.LinuxContainerConfig{SecurityContext: &cri.LinuxContainerSecurityContext{ReadonlyRootfs: true}},
			})
			if err != nil {
				t.Fatalf("%s: %v", handler, err)
			}
			if got, _ := n.exec(id, "/bin/cat", "/etc/hosts"); got != p.hosts() {
				t.Errorf("%s: /etc/hosts is\n%s", handler, got)
			}
			before := p.hosts()
			if _, ok := n.exec(id, "/bin/sh", "-c", "echo 192.0.2.1 evil >>/etc/hosts"); ok || p.hosts() != before {
				t.Errorf("%s: a container with a read-only root could write the store's file", handler)
			}
		}
	})
}

// TestHostNetwork shows that a pod with the network of the host is left alone: it has nothing in the store, and its
// containers have the files that CRI gives them.
func TestHostNetwork(t *testing.T) {
	onEach(t, recorded, func(t *testing.T, n *node) {
		for _, handler := range []string{"runc", "crun"} {
			config := n.podConfig("node-" + handler)
			config.Linux.SecurityContext.NamespaceOptions = &cri.NamespaceOption{Network: cri.NamespaceMode_NODE}
			config.Hostname = ""
			p, err := n.tryPod(config, handler)
			if err != nil {
				t.Fatal(err)
			}
			id := p.container("main")
			if got, _ := n.exec(id, "/bin/cat", "/etc/hosts"); got != n.read("/etc/hosts") {
				t.Errorf("%s: /etc/hosts is not the host's:\n%s", handler, got)
			}
			n.expectNothingLeft()
			p.stop()
			p.remove()
		}
		if calls := n.calls(); len(calls) > 0 {
			t.Errorf("CNI was called: %+v", calls)
		}
		n.expectNothingLeft()
	})
}

// kubeletHosts is where the kubelet has the hosts file of a pod.
const kubeletHosts = "/var/lib/kubelet/pods/5f1e6d0a-0000-4000-8000-000000000000/etc-hosts"

// TestUsersMounts has a pod mount files of its own at two of the three paths, as it does a ConfigMap: they stay. The third is the store's.
func TestUsersMounts(t *testing.T) {
	test := func(t *testing.T, n *node) {
		p := n.pod("web")
		hosts, resolvConf := p.hosts(), n.read(dataDir+"/containers/k8s.io/"+p.id+"/resolv.conf")
		for path, source := range map[string]string{
			"/etc/hosts":       "/var/lib/kubelet/pods/5f1e6d0a-0000-4000-8000-000000000000/volumes/kubernetes.io~configmap/names/hosts",
			"/etc/resolv.conf": "/run/resolv.conf",
		} {
			n.write(source, []byte("# mine\n"))
			id, err := p.create(&cri.ContainerConfig{
				Metadata: &cri.ContainerMetadata{Name: filepath.Base(path)}, Linux: &cri.LinuxContainerConfig{},
				Mounts: []*cri.Mount{{ContainerPath: path, HostPath: source}},
			})
			if err != nil {
				t.Fatal(err)
			}
			want := map[string]string{"/etc/hosts": hosts, "/etc/resolv.conf": resolvConf}
			want[path] = "# mine\n"
			for path, want := range want {
				if got, _ := n.exec(id, "/bin/cat", path); got != want {
					t.Errorf("with %s mounted %s is\n%s\nwant\n%s", source, path, got, want)
				}
			}
		}
	}
	t.Run("base specification", func(t *testing.T) { onEach(t, ship(shipped), test) })
	t.Run("NRI", func(t *testing.T) {
		t.Parallel()
		test(t, newNode(t, containerd2, conflist(t, shipped), byNRI("", requireNRI)))
	})
}

// TestKubeletHosts mounts a file of the kubelet's over /etc/hosts, as the kubelet does for every container: the store's covers it.
func TestKubeletHosts(t *testing.T) {
	onEach(t, ship(shipped), func(t *testing.T, n *node) {
		const own = kubeletHosts
		n.write(own, []byte("127.0.0.1 localhost\n"))
		p := n.pod("web")
		id, err := p.create(&cri.ContainerConfig{
			Metadata: &cri.ContainerMetadata{Name: "main"}, Linux: &cri.LinuxContainerConfig{},
			Mounts: []*cri.Mount{{ContainerPath: "/etc/hosts", HostPath: own}},
		})
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := n.exec(id, "/bin/cat", "/etc/hosts"); got != p.hosts() {
			t.Errorf("/etc/hosts is\n%s", got)
		}
		if got := n.read(own); got != "127.0.0.1 localhost\n" {
			t.Errorf("the kubelet's file was changed:\n%s", got)
		}
	})
}

// TestNotCovered shows what delivery leaves alone: the pause container, which the base specification is not for, and the files
// that CRI keeps for the sandbox.
func TestNotCovered(t *testing.T) {
	onEach(t, ship(shipped), func(t *testing.T, n *node) {
		p := n.pod("web")
		id := p.container("main")
		_, _, pause := p.state()
		if mounts := n.read("/proc/" + pause + "/mountinfo"); strings.Contains(mounts, "/etchosts/k8s.io/"+p.id) {
			t.Errorf("the store's files are mounted in the pause container:\n%s", mounts)
		}
		if mounts, _ := n.exec(id, "/bin/cat", "/proc/self/mountinfo"); !strings.Contains(mounts, "/etchosts/k8s.io/"+p.id) {
			t.Errorf("the store's files are not mounted in the container:\n%s", mounts)
		}
		if got := n.read(sandboxDir + p.id + "/hosts"); got != n.read("/etc/hosts") {
			t.Errorf("CRI's own hosts file is not the host's:\n%s", got)
		}
	})
}

// TestMissingBaseSpec shows that containerd without the file of its base specification has no CRI at all, so that a node does not run
// pods without their names.
func TestMissingBaseSpec(t *testing.T) {
	onEach(t, ship(shipped), func(t *testing.T, n *node) {
		if err := os.Remove(n.path(baseSpec)); err != nil {
			t.Fatal(err)
		}
		n.end(unix.SIGTERM)
		n.launch()
		n.until("CRI is not there", func() bool {
			_, err := n.runtime.Version(n.ctx, &cri.VersionRequest{})
			return status.Code(err) == codes.Unimplemented
		})
		if log := n.read(logFile); !strings.Contains(log, baseSpec) {
			t.Errorf("containerd's log does not name the file:\n%s", log)
		}
	})
}

// TestMissingHook shows what happens when the hooks of the base specification are not there: no container of a pod starts, and
// the error names the first one.
func TestMissingHook(t *testing.T) {
	onEach(t, ship(shipped), func(t *testing.T, n *node) {
		n.write(baseSpec, []byte(strings.ReplaceAll(n.read(baseSpec), pluginDir, "/nowhere")))
		n.restart()
		p := n.pod("web")
		if _, err := p.tryContainer("main"); err == nil || !strings.Contains(err.Error(), "/nowhere/etcfiles:") {
			t.Errorf("container without its hook: %v", err)
		}
		p.stop()
		p.remove()
		n.expectNothingLeft()
	})
}
