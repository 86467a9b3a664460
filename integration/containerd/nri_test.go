package containerd

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
)

// Where containerd looks for the plugin of its Node Resource Interface, and for its settings.
const (
	nriPlugin   = "/opt/nri/plugins/10-etcfiles-nri"
	nriSettings = "/etc/nri/conf.d/10-etcfiles-nri.conf"
)

// requireNRI has containerd refuse containers that the plugin has not seen.
const requireNRI = `
[plugins."io.containerd.nri.v1.nri".default_validator]
  enable = true
  required_plugins = ["etcfiles-nri"]

`

// byNRI has the files come into pods by etcfiles-nri as a pre-installed plugin, with its settings if there are any and with further
// lines for containerd's configuration.
func byNRI(settings, config string) func(*node) {
	return func(n *node) {
		n.t.Helper()
		n.run("mkdir", "-p", filepath.Dir(nriPlugin))
		n.run("ln", "-s", pluginDir+"/etcfiles-nri", nriPlugin) // as to that of a package
		if settings != "" {
			n.write(nriSettings, []byte(settings))
		}
		n.configure(n.plainHandler(), config)
	}
}

// plainHandler returns the configuration of the runtime handler runc as it is by default.
func (n *node) plainHandler() string {
	return "[" + n.release.table + ".containerd.runtimes.runc]\n  runtime_type = \"io.containerd.runc.v2\"\n"
}

// TestNRI has etcfiles-nri deliver hosts and resolv.conf, with and without settings, under runc and crun. The hostname file is CRI's. A
// read-only root and a file of the kubelet's are as with a base specification.
func TestNRI(t *testing.T) {
	const elsewhere = "/var/lib/names"
	for name, c := range map[string]struct {
		settings, dataDir, namespace string
		list                         func(testing.TB) []byte
	}{
		"without settings": {"", dataDir, "k8s.io", ship(shipped)},
		"with settings": {
			`{"dataDir": "` + elsewhere + `", "namespace": "lab"}`, elsewhere, "lab",
			edited(func(plugins []any) []any {
				etcfiles := plugins[len(plugins)-1].(map[string]any)
				etcfiles["dataDir"], etcfiles["namespace"] = elsewhere, "lab"
				return plugins
			}),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := newNode(t, containerd2, c.list(t), byNRI(c.settings, requireNRI))
			for _, handler := range []string{"runc", "crun"} {
				config := n.podConfig("web-" + handler)
				config.Hostname = "custom"
				p, err := n.tryPod(config, handler)
				if err != nil {
					t.Fatal(err)
				}
				id := p.container("main")
				for path, want := range map[string]string{
					"/etc/hosts":       n.read(c.dataDir + "/etchosts/" + c.namespace + "/" + p.id + "/hosts"),
					"/etc/resolv.conf": n.read(c.dataDir + "/containers/" + c.namespace + "/" + p.id + "/resolv.conf"),
					"/etc/hostname":    "custom\n",
				} {
					if got, _ := n.exec(id, "/bin/cat", path); got != want {
						t.Errorf("%s: %s is\n%s\nwant\n%s", handler, path, got, want)
					}
				}
				late := n.pod("late-" + handler)
				if got, _ := n.exec(id, "/bin/ping", "-c", "1", "late-"+handler); !strings.Contains(got, late.address()) {
					t.Errorf("%s: ping of a pod that came later: %s", handler, got)
				}
				n.write(kubeletHosts, []byte("127.0.0.1 localhost\n"))
				readOnly, err := p.create(&cri.ContainerConfig{
					Metadata: &cri.ContainerMetadata{Name: "readonly"},
					Linux:    &cri.LinuxContainerConfig{SecurityContext: &cri.LinuxContainerSecurityContext{ReadonlyRootfs: true}},
					Mounts:   []*cri.Mount{{ContainerPath: "/etc/hosts", HostPath: kubeletHosts, Readonly: true}},
				})
				if err != nil {
					t.Fatal(err)
				}
				if _, ok := n.exec(readOnly, "/bin/ping", "-c", "1", "late-"+handler); !ok {
					t.Errorf("%s: a container with a read-only root has no names", handler)
				}
				for _, path := range []string{"/etc/hosts", "/etc/resolv.conf"} {
					if _, ok := n.exec(readOnly, "/bin/sh", "-c", "echo '#' >>"+path); ok {
						t.Errorf("%s: a container with a read-only root could write %s", handler, path)
					}
				}
				for _, p := range []*pod{p, late} {
					p.stop()
					p.remove()
				}
			}
			n.expectNothingLeft()
			n.end(unix.SIGKILL)
			n.until("etcfiles-nri ends with containerd", func() bool { return len(n.nriProcesses()) == 0 })
		})
	}
}

// TestNRIHostNetwork shows that etcfiles-nri leaves a pod with the network of the host alone.
func TestNRIHostNetwork(t *testing.T) {
	t.Parallel()
	n := newNode(t, containerd2, conflist(t, shipped), byNRI("", requireNRI))
	config := n.podConfig("node")
	config.Linux.SecurityContext.NamespaceOptions = &cri.NamespaceOption{Network: cri.NamespaceMode_NODE}
	config.Hostname = ""
	p, err := n.tryPod(config, "")
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := n.exec(p.container("main"), "/bin/cat", "/etc/hosts"); got != n.read("/etc/hosts") {
		t.Errorf("/etc/hosts is not the host's:\n%s", got)
	}
	n.expectNothingLeft()
}

// TestNRIKilled kills etcfiles-nri: the next container silently has the files of CRI, while those that run keep theirs. A restart
// of containerd brings the plugin back.
func TestNRIKilled(t *testing.T) {
	t.Parallel()
	n := newNode(t, containerd2, conflist(t, shipped), byNRI("", ""))
	p := n.pod("web")
	first := p.container("first")
	n.killNRI()
	second, err := p.tryContainer("second")
	if err != nil {
		t.Fatalf("a container without the plugin: %v", err)
	}
	if !n.delivered(first, p) || n.delivered(second, p) {
		t.Errorf("names in the container from before: %v; in the one from after: %v; want only the first", n.delivered(first, p), n.delivered(second, p))
	}
	n.restart()
	if third := p.container("third"); !n.delivered(third, p) {
		t.Error("after a restart of containerd the plugin does not deliver")
	}
}

// TestNRIRequired has containerd require the plugin, as its page says. When it is killed, no container of a new pod starts, and the error names it.
// One gap is containerd's: it counts the plugin as there for the request in which it finds that it is not, so that a pod which
// runs already gets one more container, with the files of CRI.
func TestNRIRequired(t *testing.T) {
	t.Parallel()
	if said := block(t, nriPage, "fail closed"); said != strings.TrimSpace(requireNRI) {
		t.Errorf("the page says\n%s\nand this tests\n%s", said, requireNRI)
	}
	n := newNode(t, containerd2, conflist(t, shipped), byNRI("", requireNRI))
	web := n.pod("web")
	n.killNRI()
	if id := web.container("gap"); n.delivered(id, web) {
		t.Error("a container has the files of a plugin that is not there")
	}
	for _, p := range []*pod{web, n.pod("db")} {
		if _, err := p.tryContainer("main"); err == nil || !strings.Contains(err.Error(), `required plugin "etcfiles-nri" not present`) {
			t.Errorf("a container of pod %s without the plugin: %v", p.config.Hostname, err)
		}
	}
	n.restart()
	n.killNRI()
	late := n.pod("late")
	if _, err := late.tryContainer("main"); err == nil {
		t.Error("a container of the first pod after the plugin's end starts")
	}
	n.restart()
	if id := late.container("main"); !n.delivered(id, late) {
		t.Error("with the plugin back it does not deliver")
	}
}

// TestNRISettings gives the plugin settings that are wrong: no container starts, and the error says why.
func TestNRISettings(t *testing.T) {
	t.Parallel()
	n := newNode(t, containerd2, conflist(t, shipped), byNRI("", ""))
	p := n.pod("web")
	for settings, want := range map[string]string{
		`{"dataDir": 1}`:      "cannot unmarshal number",
		`{"dir": "/"}`:        `unknown field "dir"`,
		`{"dataDir": "x"}`:    `dataDir "x" must be an absolute path`,
		`{"namespace": "a/"}`: `namespace "a/" must be a single path element`,
		`{"namespace": ".."}`: `namespace ".." must be a single path element`,
		`{"namespace": "."}`:  `namespace "." must be a single path element`,
		`{"namespace": ""}`:   `namespace "" must be a single path element`,
	} {
		n.write(nriSettings, []byte(settings))
		n.restart()
		if _, err := p.tryContainer("main"); err == nil || !strings.Contains(err.Error(), "the settings of etcfiles-nri: ") || !strings.Contains(err.Error(), want) {
			t.Errorf("a container with the settings %s: %v, want %s", settings, err, want)
		}
	}
	if err := os.Remove(n.path(nriSettings)); err != nil {
		t.Fatal(err)
	}
	n.restart()
	if id := p.container("main"); !n.delivered(id, p) {
		t.Error("with the settings put right the plugin does not deliver")
	}
}

// TestNRILink has a symbolic link in the place of a file of the store: no container is given what it leads to.
func TestNRILink(t *testing.T) {
	t.Parallel()
	n := newNode(t, containerd2, conflist(t, shipped), byNRI("", ""))
	p := n.pod("web")
	hosts := n.path(dataDir + "/etchosts/k8s.io/" + p.id + "/hosts")
	if err := os.Remove(hosts); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/etc/shadow", hosts); err != nil {
		t.Fatal(err)
	}
	if _, err := p.tryContainer("main"); err == nil || !strings.Contains(err.Error(), "etcfiles-nri: pod shop/web: ") || !strings.Contains(err.Error(), "symbolic link") {
		t.Errorf("a container with a link in the store: %v", err)
	}
}

// TestNRIStopped has the plugin hang. containerd gives it up after its time limit, and also counts it as there for that one
// request: the first container has the files of CRI, the next is refused.
func TestNRIStopped(t *testing.T) {
	t.Parallel()
	const quick = "\n[plugins.\"io.containerd.nri.v1.nri\"]\n  plugin_request_timeout = \"200ms\"\n"
	n := newNode(t, containerd2, conflist(t, shipped), byNRI("", quick+requireNRI))
	n.kill(unix.SIGSTOP, n.nriProcesses()[0])
	p := n.pod("web")
	if id := p.container("first"); n.delivered(id, p) {
		t.Error("the first container has the files of a plugin that hangs")
	}
	if _, err := p.tryContainer("second"); err == nil || !strings.Contains(err.Error(), `required plugin "etcfiles-nri" not present`) {
		t.Errorf("the second container: %v", err)
	}
}

// TestNRIByHand connects etcfiles-nri to a containerd that runs: containers from then on have the files, until it is ended.
func TestNRIByHand(t *testing.T) {
	t.Parallel()
	n := newNode(t, containerd2, conflist(t, shipped), func(n *node) { n.configure(n.plainHandler(), requireNRI) })
	p := n.pod("web")
	if _, err := p.tryContainer("early"); err == nil {
		t.Error("a container starts without the plugin that is required")
	}
	cmd := n.command(pluginDir+"/etcfiles-nri", "--idx", "10")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var id string
	n.until("a container starts", func() (ok bool) {
		var err error
		id, err = p.tryContainer("main")
		return err == nil
	})
	if !n.delivered(id, p) {
		t.Error("the container does not have the files of the store")
	}
	n.kill(unix.SIGTERM, n.nriProcesses()[0])
	if err := cmd.Wait(); err != nil {
		t.Errorf("etcfiles-nri after SIGTERM: %v", err)
	}
}

// nriProcesses returns the process IDs of etcfiles-nri on the node.
func (n *node) nriProcesses() []string {
	n.t.Helper()
	return n.processes(func(arguments string) bool {
		program, _, _ := strings.Cut(arguments, "\x00")
		return strings.HasSuffix(program, "etcfiles-nri")
	})
}

func (n *node) killNRI() {
	n.t.Helper()
	all := n.nriProcesses()
	if len(all) != 1 {
		n.t.Fatalf("processes of etcfiles-nri: %v", all)
	}
	n.kill(unix.SIGKILL, all[0])
	n.until("it has ended", func() bool { return len(n.nriProcesses()) == 0 })
}

// delivered reports whether a container has the store's hosts file of the pod.
func (n *node) delivered(container string, p *pod) bool {
	n.t.Helper()
	got, _ := n.exec(container, "/bin/cat", "/etc/hosts")
	return got == p.hosts()
}
