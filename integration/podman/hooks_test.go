package podman

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/etcfiles/etcfiles/integration/internal/page"
)

// TestHooks does what the page on drivers says of a Podman whose networks run no plugin, as it stands: ports, a pod and a restart, and nothing is left.
func TestHooks(t *testing.T) {
	for _, runtime := range []string{"runc", "crun"} {
		t.Run(runtime, func(t *testing.T) {
			t.Parallel()
			testHooks(t, runtime)
		})
	}
}

func testHooks(t *testing.T, runtime string) {
	w := worldFor(t, runtime)
	w.asPackaged(t, "netavark")
	conflist, err := os.ReadFile("../../conflists/10-bridge.conflist")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(w.Inside(networkFile)); err != nil {
		t.Fatal(err)
	}
	if err := w.write(filepath.Join(confDir, "10-bridge.conflist"), conflist); err != nil {
		t.Fatal(err)
	}
	w.podman(t, "tag", imageName, "docker.io/library/busybox")

	w.pasted(t, "hooks of Podman 5", "")
	out := w.pasted(t, "containers of Podman 5", "")
	hosts, answers, found := strings.Cut(out, "192.0.2.53\n") // the end of web's resolv.conf
	if !found || !known(hosts, "web", "10.231.10.3") || !known(hosts, "db", "10.231.10.2") {
		t.Errorf("the files of web are\n%s", out)
	}
	if !strings.Contains(answers, "the page") || !known(answers, "web", "10.231.10.3") || !known(answers, "db", "10.231.10.4") {
		t.Errorf("through the port, and after db has restarted:\n%s", answers)
	}
	out = w.pasted(t, "pods of Podman 5", "")
	for name, address := range map[string]string{"front": "10.231.10.5", "web": "10.231.10.3", "db": "10.231.10.4"} {
		if !known(out, name, address) {
			t.Errorf("the second container of the pod does not know %s as %s:\n%s", name, address, out)
		}
	}

	w.podman(t, "pod", "rm", "--force", "--time", "0", "--all")
	w.podman(t, "rm", "--force", "--time", "0", "--all")
	if left := w.etcfiles(t, 0, "ls", "-o", "json"); strings.TrimSpace(left) != "[]" {
		t.Errorf("left: %s", left)
	}
	left, _, err := w.run("sh", "-c", `/opt/cni/bin/oci-cni-hook ls | tail -n +2; find /run/etcfiles/* /var/lib/cni/networks/*/10.*; ip -o link show type veth; iptables-save | grep default-; :`)
	if err != nil || left != "/run/etcfiles/containers\n/run/etcfiles/netns\n" {
		t.Errorf("left: %v\n%s", err, left)
	}
}

// pasted runs a block of the page on drivers in the world, with every container in the cgroup of the world, after other lines.
func (w *world) pasted(t *testing.T, name, before string) string {
	t.Helper()
	block, err := page.Find("../../plugins/meta/etcfiles/DRIVERS.md", name)
	if err != nil {
		t.Fatal(err)
	}
	const own = `PATH=/opt/cni/bin:$PATH
podman() {
	case $1 in
	run) shift; set -- run --cgroup-parent "$CGROUP" "$@" ;;
	pod) shift 2; set -- pod create --cgroup-parent "$CGROUP" --infra-image box --infra-command "sleep 1000" "$@" ;;
	esac
	command podman "$@"
}
wget() { busybox wget "$@"; }
`
	cmd := w.Command("env", "--unset=CONTAINERS_CONF", "bash", "-euo", "pipefail", "-c", own+before+block)
	cmd.Env = append(cmd.Environ(), "HOME="+w.dir, "CONTAINERS_STORAGE_CONF="+storageConf, "CGROUP="+w.Cgroup)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s\n%s", name, err, block, out)
	}
	return string(out)
}

// known reports whether a hosts file in the text has the name with the address, and with no other.
func known(text, name, address string) bool {
	found := false
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) < 2 || !strings.HasPrefix(fields[0], "10.231.") || !strings.Contains(line+" ", " "+name+" ") {
			continue
		}
		if fields[0] != address {
			return false
		}
		found = true
	}
	return found
}
