package containerd

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestReadmeOnBareMachine does by copy and paste what the page on drivers says from a machine without containerd to two pods that find each other:
// this machine's own Debian with the package of its containerd. Every block runs as it stands in a copy of the repository, the
// programs are built there, and nothing else is configured. Only the images come from the test, since there is no registry.
func TestReadmeOnBareMachine(t *testing.T) {
	t.Parallel()
	n := newMachine(t, release{name: "of this Debian", dir: "none"}, "/usr", "/var/lib", "/var/cache")
	n.cgroup = "/k8s.io"
	n.write(runc, []byte(runcScript))
	n.run("chmod", "755", runc)
	n.run("rm", "-rf", filepath.Dir(configFile), confDir, filepath.Dir(binDir), "/usr/lib/cni", "/usr/local/bin/etcfiles", "/usr/local/bin/etcfiles-mount")
	n.run("sh", "-c", "! dpkg-query --status containerd >/dev/null 2>&1 || dpkg --purge --force-depends containerd >/dev/null")
	n.copyRepository("/opt/etcfiles")

	n.download("/", block(t, driversPage, "install on Debian"))
	t.Logf("the package's configuration:\n%s", n.read(configFile))
	for _, program := range []string{"containerd", "ctr"} {
		if where := strings.TrimSpace(n.run("sh", "-c", "command -v "+program)); where != "/usr/bin/"+program {
			t.Fatalf("%s is %s, not the package's", program, where)
		}
	}

	n.asWritten("/opt/etcfiles", "", block(t, driversPage, "containerd by hand"))
	n.connect()
	n.start()
	n.importImage(n.pauseImage(), "docker.io/library/busybox:latest")
	for _, want := range []string{"/etc/containerd/etcfiles.json", "/usr/local/bin/etcfiles-mount"} {
		if said := n.run("bash", "-euo", "pipefail", "-c", block(t, troublesPage, "no pod starts")); !strings.Contains(said, want) {
			t.Errorf("no %s in what containerd looks for:\n%s", want, said)
		}
	}
	n.write("/etc/crictl.yaml", []byte("disable-pull-on-run: true\n"))
	cmd := n.command("bash", "-euo", "pipefail", "-c", block(t, driversPage, "pods"))
	cmd.Env = append(cmd.Env, "TMPDIR=/run")
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"web", "db"} {
		if !strings.Contains(string(out), "PING "+name+" (10.231.10.") {
			t.Errorf("nobody has pinged %s", name)
		}
	}
	n.expectNothingLeft()
}

// copyRepository copies what git has of the repository, and what is new in it, to a directory of the node.
func (n *node) copyRepository(dir string) {
	n.t.Helper()
	n.run("mkdir", "-p", dir)
	n.run("sh", "-ec", `cd "$0"; git -c safe.directory="*" ls-files -z --cached --others --exclude-standard | tar -c --null --files-from=- --ignore-failed-read | tar -x -C "$1"`,
		repository, dir)
}
