package containerd

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestReadmeInstall runs what the page on drivers has for containerd by hand on machines with the configurations that people have:
// those of Debian's packages, containerd's own defaults, and none. Pods find each other by name then. To do it again, as after an
// update, changes nothing.
func TestReadmeInstall(t *testing.T) {
	script, install := block(t, driversPage, "containerd by hand"), stages(t)
	for _, c := range []struct {
		name    string
		release release
		config  func(*node) string // nil: there is none
		plugins string             // where the reference plugins are, if they are there
	}{
		{"1.6 of Debian 12", containerd1, ofPackage, "/opt/cni/bin"},
		{"1.7 of Debian 13", containerd17, ofPackage, "/usr/lib/cni"},
		{"1.6 with its defaults", containerd1, defaults, "/usr/lib/cni"},
		{"2.4 with its defaults", containerd2, defaults, "/opt/cni/bin"},
		{"1.6 without a configuration", containerd1, nil, ""},
		{"2.4 without a configuration", containerd2, nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			n := newMachine(t, c.release, "/usr")
			n.write(runc, []byte(runcScript))
			n.run("chmod", "755", runc)
			n.run("rm", "-rf", filepath.Dir(configFile), "/opt/cni", "/usr/lib/cni")
			if c.config != nil {
				n.write(configFile, []byte(c.config(n)))
			}
			if c.plugins != "" {
				n.run("mkdir", "-p", c.plugins)
				for _, plugin := range []string{"bridge", "firewall", "host-local", "loopback", "portmap"} {
					n.run("cp", filepath.Join(repository, "bin/cni", plugin), c.plugins)
				}
			}
			n.asWritten(repository, install, script)
			configured := n.read(configFile)
			n.connect()
			n.start()
			n.importImage(n.pauseImage())
			if ready, message := n.networkReady(); !ready {
				t.Fatalf("not ready: %s", message)
			}
			web, db := n.pod("web"), n.pod("db")
			if id := web.container("main"); !n.delivered(id, web) {
				t.Error("the store's files are not in the container")
			}
			web.expectName("db", db.address())
			for _, p := range []*pod{web, db} {
				p.stop()
				p.remove()
			}
			n.asWritten(repository, install, script)
			if again := n.read(configFile); again != configured {
				t.Errorf("once more: config.toml is\n%s\nit was\n%s", again, configured)
			}
		})
	}
}

// ofPackage returns the configuration that Debian's package has.
func ofPackage(n *node) string { return n.run("cat", n.release.binary("config.toml")) }

// defaults returns what containerd prints as its default configuration.
func defaults(n *node) string { return n.run("containerd", "config", "default") }

// runc is where a node has a script before runc in its PATH: a machine without CAP_SYS_RESOURCE cannot have the score that CRI gives a
// pod by default.
const (
	runc       = "/usr/local/sbin/runc"
	runcScript = `#!/bin/sh
before=
for argument; do
	if [ "$before" = --bundle ]; then
		sed -i 's/"oomScoreAdj": *-[0-9]*/"oomScoreAdj":0/' "$argument/config.json" || exit
	fi
	before=$argument
done
exec /usr/sbin/runc "$@"
`
)

// pauseImage returns the name of the image that the node's containerd has for the pause container.
func (n *node) pauseImage() string {
	n.t.Helper()
	for line := range strings.Lines(n.run("containerd", "config", "dump")) {
		if key, value, _ := strings.Cut(line, "="); strings.TrimSpace(key) == "sandbox_image" || strings.TrimSpace(key) == "sandbox" {
			return strings.Trim(value, " '\"\n")
		}
	}
	n.t.Fatal("containerd's configuration has no image for the pause container")
	return ""
}

// The pages that say how containerd is set up.
const (
	readmePage   = "README.md"
	driversPage  = "plugins/meta/etcfiles/DRIVERS.md"
	troublesPage = "plugins/meta/etcfiles/TROUBLESHOOTING.md"
	nriPage      = "plugins/nri/etcfiles-nri/README.md"
)

// block returns the block of a page behind the marker with its name.
func block(t *testing.T, page, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(repository, page))
	if err != nil {
		t.Fatal(err)
	}
	_, after, marked := strings.Cut(string(text), "<!-- "+name+": run by ")
	_, after, opened := strings.Cut(after, " -->\n```")
	_, after, begun := strings.Cut(after, "\n")
	script, _, closed := strings.Cut(after, "\n```\n")
	if !marked || !opened || !begun || !closed {
		t.Fatalf("%s has no block with the name %q", page, name)
	}
	return script
}

// stages has make install what it installs into directories of the test, and returns what makes the node's make copy it from there.
func stages(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, cni := range []string{"/opt/cni/bin", "/usr/lib/cni"} {
		cmd := exec.Command("make", "-C", repository, "-o", "build", "install", "BIN="+pluginDir, "DESTDIR="+dir+cni, "CNI_BIN_DIR="+cni)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("make install: %v\n%s", err, out)
		}
	}
	return `make() { local argument; for argument; do case $argument in CNI_BIN_DIR=*) cp -R "` + dir + `/${argument#*=}/." /;; esac; done; }`
}

// asWritten runs the script in the directory, after some definitions. systemctl only writes down what it is told, since no systemd runs
// there: to restart containerd.
func (n *node) asWritten(dir, before, script string) {
	n.t.Helper()
	const told = "/run/systemctl"
	n.write(told, nil)
	n.download(dir, before+"\nsystemctl() { echo \"$*\" >>"+told+"; }\n"+script)
	if got := n.read(told); got != "restart containerd\n" {
		n.t.Errorf("systemctl was told %q", got)
	}
}

// download runs the script on the node, but on the network and with the nameservers of the machine.
func (n *node) download(dir, script string) {
	n.t.Helper()
	resolver, err := os.ReadFile("/etc/resolv.conf")
	if err != nil {
		n.t.Fatal(err)
	}
	own := n.read("/etc/resolv.conf")
	n.write("/etc/resolv.conf", resolver)
	defer n.write("/etc/resolv.conf", []byte(own))
	cmd := n.commandIn([]string{"--mount", "--pid"}, "bash", "-euo", "pipefail", "-c", `cd "$0"; `+script, dir)
	cmd.Env = append(cmd.Env, "DEBIAN_FRONTEND=noninteractive")
	if out, err := cmd.CombinedOutput(); err != nil {
		n.t.Fatalf("%v\n%s\n%s", err, script, out)
	}
}
