package podman

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/etcfiles/etcfiles/integration/internal/page"
)

// ownConf is what a machine of these tests needs of its containers.conf(5), and no more: see configure.
const ownConf = `[containers]
log_driver = "k8s-file"
[engine]
runtime = %q
cgroup_manager = "cgroupfs"
events_logger = "file"
tmp_dir = "/run/libpod"
helper_binaries_dir = ["/run/helpers"]
`

// debianNetwork is what Debian 12's package has as /etc/cni/net.d/87-podman-bridge.conflist.
const (
	networkFile   = confDir + "/87-podman-bridge.conflist"
	debianNetwork = `{
  "cniVersion": "0.4.0",
  "name": "podman",
  "plugins": [
    {
      "type": "bridge",
      "bridge": "cni-podman0",
      "isGateway": true,
      "ipMasq": true,
      "hairpinMode": true,
      "ipam": {
        "type": "host-local",
        "routes": [{ "dst": "0.0.0.0/0" }],
        "ranges": [
          [
            {
              "subnet": "10.88.0.0/16",
              "gateway": "10.88.0.1"
            }
          ]
        ]
      }
    },
    {
      "type": "portmap",
      "capabilities": {
        "portMappings": true
      }
    },
    {
      "type": "firewall"
    },
    {
      "type": "tuning"
    }
  ]
}
`
)

// TestSetup has Podman set up as Debian's packages leave it, with CNI where it can use that, and where its networks are netavark's: containers find
// each other by name, to do it again changes nothing, and when it is undone every file is as it was.
func TestSetup(t *testing.T) {
	for _, c := range []struct {
		name, backend string
		network       string // that has etcfiles
		join          func(name string) []string
		hooks         map[string][]string // the files of hooks.d, and by which flags oci-cni-hook prints them
	}{
		{"cni", "cni", "podman", func(name string) []string { return []string{"--name", name} }, map[string][]string{"etcfiles-mount.json": {"mount"}}},
		{"cni without a conflist", "cni", "lab", func(name string) []string { return []string{"--network", "lab", "--name", name} }, map[string][]string{"etcfiles-mount.json": {"mount", "--override"}}},
		{"netavark", "netavark", "podman", func(name string) []string {
			return []string{"--network", "none", "--annotation", "etcfiles/networks=podman", "--annotation", "etcfiles/name=" + name, "--name", name}
		}, map[string][]string{"etcfiles-mount.json": {"mount", "--override"}, "etcfiles-cni.json": {"cni", "--networks", "podman"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.backend == "cni" && !hasCNI {
				t.Skip("this Podman is built without CNI")
			}
			w := worldFor(t, "runc")
			w.asPackaged(t, c.backend)
			if c.network == "lab" { // the example's, since Podman's own is in no file
				w.sh(t, "rm "+networkFile)
			}
			before := w.state(t)
			planned := w.etcfiles(t, 0, "setup", "podman", "--dry-run")
			if diff := cmp.Diff(before, w.state(t)); diff != "" {
				t.Errorf("a dry run has changed:\n%s", diff)
			}
			out := w.etcfiles(t, 0, "setup", "podman")
			done, last, ok := strings.Cut(out, "nothing is left to do: ")
			every := strings.HasPrefix(last, "the next container has it\n")
			if !ok || !strings.HasPrefix(planned, done) || every != (c.name == "cni") || !every && !strings.Contains(last, "is started by podman run "+strings.Join(c.join("NAME")[:2], " ")) {
				t.Errorf("planned:\n%s\ndone:\n%s", planned, out)
			}
			t.Log(out)
			if block, err := page.Find("../../README.md", "podman"); err != nil || strings.TrimSpace(block) != "etcfiles setup podman" {
				t.Errorf("the README says %q: %v", block, err)
			}
			state := w.state(t)
			if got := w.etcfiles(t, 0, "setup", "podman"); !strings.Contains(got, "podman is set up: ") || w.state(t) != state {
				t.Errorf("once more:\n%s\n%s", got, cmp.Diff(state, w.state(t)))
			}
			if got := w.etcfiles(t, 0, "setup"); !strings.Contains(got, "podman: set up: ") {
				t.Errorf("after:\n%s", got)
			}

			for file, flags := range c.hooks {
				want, _, err := w.run(append([]string{"/opt/cni/bin/oci-cni-hook", "spec", "--hooks-d"}, flags...)...)
				if err != nil {
					t.Fatal(err)
				}
				got, err := os.ReadFile(w.Inside(hooksDir + "/" + file))
				if diff := cmp.Diff(want, string(got)); err != nil || diff != "" {
					t.Errorf("%s: %v, -oci-cni-hook +setup:\n%s", file, err, diff)
				}
			}
			for _, name := range []string{"web", "db"} {
				w.podman(t, append(append([]string{"run", "--detach", "--cgroup-parent", w.Cgroup}, c.join(name)...), imageName, "httpd", "-f", "-p", "80", "-h", "/etc")...)
			}
			const get = `until printf "GET /hosts HTTP/1.0\r\n\r\n" | nc "$0" 80; do sleep 0.05; done` // until httpd listens
			for from, to := range map[string]string{"web": "db", "db": "web"} {
				if got := w.podman(t, "exec", from, "timeout", "10", "sh", "-c", get, to); !strings.Contains(got, " 200 OK") || !strings.Contains(got, " "+from+" ") {
					t.Errorf("%s fetches from %s: %s", from, to, got)
				}
			}
			if c.network == "lab" { // an ordinary one has the file of Podman
				if got := w.podman(t, "run", "--rm", "--cgroup-parent", w.Cgroup, imageName, "cat", "/etc/hosts"); !strings.Contains(got, "localhost") {
					t.Errorf("the hosts file of an ordinary container is %q", got)
				}
			}
			inUse := w.state(t)
			if got := w.etcfiles(t, 3, "setup", "--undo"); !strings.Contains(got, "the network "+c.network+" has living containers") ||
				!strings.Contains(got, "/web") || !strings.Contains(got, "/db") || w.state(t) != inUse {
				t.Errorf("undone with living containers:\n%s\n%s", got, cmp.Diff(inUse, w.state(t)))
			}
			w.podman(t, "rm", "--force", "--time", "0", "--all")
			if left := w.etcfiles(t, 0, "ls", "-o", "json"); strings.TrimSpace(left) != "[]" {
				t.Errorf("left: %s", left)
			}

			if got := w.etcfiles(t, 0, "setup", "--undo"); !strings.HasSuffix(got, "nothing is left to do\ncrio: nothing is left of a setup\n") {
				t.Errorf("undo:\n%s", got)
			}
			if diff := cmp.Diff(before, w.state(t)); diff != "" {
				t.Errorf("left:\n%s", diff)
			}
		})
	}
}

// TestUndoOnlyOwn has --undo leave alone what somebody has put there as the README says it, before and after a setup; and a setup that cannot
// replace a conflist leaves nothing of what it has begun.
func TestUndoOnlyOwn(t *testing.T) {
	w := worldFor(t, "runc")
	w.asPackaged(t, "netavark")
	bridge, err := os.ReadFile("../../conflists/10-bridge.conflist")
	if err == nil {
		err = w.write(confDir+"/10-bridge.conflist", bridge)
	}
	if err != nil {
		t.Fatal(err)
	}
	w.sh(t, "mkdir -p /etc/containers/containers.conf.d /opt/own; cp /opt/cni/bin/etcfiles /opt/own/; ln -sf /opt/own/etcfiles /opt/cni/bin/etcfiles")
	before := w.state(t)
	if got := w.etcfiles(t, 0, "setup", "--undo"); !strings.Contains(got, "podman: nothing is left of a setup\n") || w.state(t) != before {
		t.Errorf("nothing was set up:\n%s\n%s", got, cmp.Diff(before, w.state(t)))
	}
	w.etcfiles(t, 0, "setup", "podman")
	if got := w.etcfiles(t, 0, "setup", "--undo"); w.state(t) != before {
		t.Errorf("%s\n%s", got, cmp.Diff(before, w.state(t)))
	}

	w.sh(t, "rm "+confDir+"/10-bridge.conflist; mount --bind "+networkFile+" "+networkFile)
	before = w.state(t)
	if got := w.etcfiles(t, 3, "setup", "podman"); !strings.Contains(got, "nothing is changed: change "+networkFile) || w.state(t) != before {
		t.Errorf("a conflist that is a mount:\n%s\n%s", got, cmp.Diff(before, w.state(t)))
	}
}

// asPackaged gives the world the configuration that a Debian with Podman has, in which Podman has begun with a backend, and the programs.
func (w *world) asPackaged(t *testing.T, backend string) {
	t.Helper()
	_, _, err := w.run("sh", "-ec", `
		mount -t tmpfs tmpfs /opt
		mkdir -p /opt/cni/bin /run/helpers /var/lib/containers/storage
		cp -L "$0"/* /opt/cni/bin/
		rm -rf `+filepath.Dir(hooksDir)+` /etc/containers/containers.conf.d
		printf '#!/bin/sh\nexit 1\n' >/run/helpers/netavark
		chmod 755 /run/helpers/netavark
		printf %s "$1" >/var/lib/containers/storage/defaultNetworkBackend
	`, binDir, backend)
	err = errors.Join(err, w.write(podmanConf, fmt.Appendf(nil, ownConf, w.runtime)), w.write(networkFile, []byte(debianNetwork)))
	if err != nil {
		t.Fatal(err)
	}
}

// sh runs a script of the shell in the world.
func (w *world) sh(t *testing.T, script string) {
	t.Helper()
	if _, _, err := w.run("sh", "-ec", script); err != nil {
		t.Fatal(err)
	}
}

// state lists what is in the directories that setup may change, with a digest of every file.
func (w *world) state(t *testing.T) string {
	t.Helper()
	out, _, err := w.run("sh", "-c", `for dir in /etc/containers /etc/cni /etc/etcfiles /opt; do
		find $dir -printf '%p %M %l\n'
		find $dir -type f -exec sha256sum {} +
	done 2>/dev/null | grep -v -e cni.lock -e /etc/containers/networks | sort`)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// etcfiles runs the admin tool, which is to end with the exit code.
func (w *world) etcfiles(t *testing.T, want int, args ...string) string {
	t.Helper()
	out, err := w.Command(append([]string{"/opt/cni/bin/etcfiles"}, args...)...).CombinedOutput()
	code := 0
	if failed := (*exec.ExitError)(nil); errors.As(err, &failed) {
		code, err = failed.ExitCode(), nil
	}
	if err != nil || code != want {
		t.Fatalf("etcfiles %s: %v, exit code %d, want %d:\n%s", strings.Join(args, " "), err, code, want, out)
	}
	return string(out)
}

// podman runs Podman with no configuration but the machine's.
func (w *world) podman(t *testing.T, args ...string) string {
	t.Helper()
	cmd := w.Command(append([]string{"env", "--unset=CONTAINERS_CONF", "podman"}, args...)...)
	cmd.Env = append(cmd.Environ(), "HOME="+w.dir, "CONTAINERS_STORAGE_CONF="+storageConf)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("podman %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}
