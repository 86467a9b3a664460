package containerd

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestReadmeInstall runs what the README says under "containerd and Kubernetes" on a machine with a containerd and the reference
// plugins; pods find each other by name then. It runs it also where containerd has no configuration yet.
func TestReadmeInstall(t *testing.T) {
	script := installScript(t)
	for _, r := range versions {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			n := newMachine(t, r)
			n.write(configFile, []byte(r.config))
			n.connect()
			n.start()
			n.importImage()
			n.installAsWritten(script)
			n.restart()
			if ready, message := n.networkReady(); !ready {
				t.Fatalf("not ready: %s", message)
			}
			web, db := n.pod("web"), n.pod("db")
			if id := web.container("main"); !n.delivered(id, web) {
				t.Error("the store's files are not in the container")
			}
			web.expectName("db", db.address())
		})
		t.Run(r.name+" without a configuration", func(t *testing.T) {
			t.Parallel()
			n := newMachine(t, r)
			n.run("rm", "-rf", filepath.Dir(configFile))
			n.installAsWritten(script)
			if settings := strings.Join(n.handler(), "\n"); !strings.Contains(settings, "base_runtime_spec = '"+baseSpec+"'") ||
				!strings.Contains(settings, "runtime_type = 'io.containerd.runc.v2'") {
				t.Errorf("the handler runc:\n%s", settings)
			}
		})
	}
}

// installScript returns the shell block of the README behind the marker for it.
func installScript(t *testing.T) string {
	t.Helper()
	const marker = "<!-- install: containerd -->"
	readme, err := os.ReadFile(filepath.Join(repository, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, text, marked := strings.Cut(string(readme), marker)
	_, text, opened := strings.Cut(text, "\n```sh\n")
	script, _, closed := strings.Cut(text, "\n```\n")
	if !marked || !opened || !closed {
		t.Fatalf("README.md has no shell block behind %s", marker)
	}
	return script
}

// installAsWritten runs the script in the repository. make installs the programs that the tests have built, and systemctl only writes
// down what it is told, since no systemd runs there.
func (n *node) installAsWritten(script string) {
	n.t.Helper()
	for _, plugin := range []string{"bridge", "firewall", "host-local", "loopback", "portmap"} {
		n.run("install", "-D", filepath.Join(repository, "bin/cni", plugin), filepath.Join(binDir, plugin))
	}
	const told = "/run/systemctl"
	const before = `cd "$0"; make() { command make -o build BIN="$programs" "$@"; }; systemctl() { echo "$*" >>` + told + "; }\n"
	cmd := n.command("bash", "-euo", "pipefail", "-c", before+script, repository)
	cmd.Env = append(cmd.Env, "programs="+pluginDir)
	if out, err := cmd.CombinedOutput(); err != nil {
		n.t.Fatalf("%v\n%s\n%s", err, script, out)
	}
	if got := n.read(told); got != "restart containerd\n" {
		n.t.Errorf("systemctl was told %q", got)
	}
}
