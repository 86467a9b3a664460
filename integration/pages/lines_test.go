package pages

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/etcfiles/etcfiles/integration/internal/page"
)

// TestCnitool runs what the page on drivers says of cnitool, on a machine without any configuration of CNI.
func TestCnitool(t *testing.T) {
	out := bare(t, block(t, "plugins/meta/etcfiles/DRIVERS.md", "cnitool"), "")
	for _, want := range []string{"default    lab      web", "k8s.io     lab      web", " www "} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}

// TestHooksD runs what the README says of hooks.d, on a machine where the directory does not exist.
func TestHooksD(t *testing.T) {
	out := bare(t, block(t, "README.md", "podman"), "rm -rf /etc/containers; PATH=$PWD/bin:$PATH") +
		bare(t, block(t, "README.md", "podman")+"\ncat /etc/containers/oci/hooks.d/*.json", "PATH=$PWD/bin:$PATH")
	if !strings.Contains(out, `/etcfiles-mount"`) || !strings.Contains(out, `"createContainer"`) {
		t.Errorf("the file is\n%s", out)
	}
}

// TestConfigAdd runs what the page on installing says of a conflist that is there, with the one of Debian's package of Podman, or where that is built
// without CNI and has none, one like it.
func TestConfigAdd(t *testing.T) {
	const path = "/etc/cni/net.d/87-podman-bridge.conflist"
	former, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		former, err = []byte(`{ "cniVersion": "0.4.0", "name": "podman", "plugins": [
    {
      "type": "bridge", "bridge": "cni-podman0",
      "ipam": { "type": "host-local", "ranges": [[{ "subnet": "10.88.0.0/16" }]] }
    }
] }
`), nil
	}
	if err != nil {
		t.Fatal(err)
	}
	before := "PATH=$PWD/bin:$PATH\nmkdir -p /etc/cni/net.d\ncat >" + path + " <<'END'\n" + string(former) + "END\n" +
		"mount -t tmpfs tmpfs /opt\nmkdir -p /opt/cni/bin\ncp bin/cni/* /opt/cni/bin\ncp bin/etcfiles /opt/cni/bin\n"
	out := bare(t, block(t, "plugins/meta/etcfiles/INSTALL.md", "config --add")+
		"\netcfiles config --remove "+path+"\nls -A /etc/cni/net.d\ncat "+path, before)
	for _, want := range []string{
		"\n+      \"type\": \"etcfiles\",\n", "etcfiles is the last plugin now; the former file is " + path + ".before-etcfiles\n",
		path + ": nothing is wrong\n", "\n87-podman-bridge.conflist\n" + string(former),
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}

// TestDirectoriesAreMade finds in the pages what copies or writes into a directory of the machine that no line before has made: the
// directories of CNI, containerd and hooks.d need not be there.
func TestDirectoriesAreMade(t *testing.T) {
	pages, err := paths()
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range pages {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		made := ""
		for line := range strings.Lines(string(text)) {
			if strings.HasPrefix(line, "```") {
				made = ""
			}
			if dir, ok := strings.CutPrefix(strings.TrimSpace(line), "mkdir -p "); ok {
				made += dir + "\n"
			}
			for _, target := range targets(line) {
				if dir := filepath.Dir(target); dir != "/etc" && !strings.Contains(made, dir) {
					t.Errorf("%s: %snobody has made %s: mkdir -p, or install -D", path, line, dir)
				}
			}
		}
	}
}

// targets returns the absolute paths that a line of shell copies or writes to, but for those in directories that are always there: systemd's
// where there is a systemctl.
func targets(line string) []string {
	var found []string
	words := strings.Fields(line)
	for i, word := range words {
		if path, ok := strings.CutPrefix(word, ">"); ok && strings.HasPrefix(path, "/") {
			found = append(found, path)
		}
		if i == 0 && (word == "cp" || word == "ln") {
			found = append(found, words[len(words)-1])
		}
	}
	var outside []string
	for _, path := range found {
		if strings.HasPrefix(path, "/") && !slices.ContainsFunc([]string{"/tmp/", "/dev/", "/etc/systemd/system/"}, func(dir string) bool { return strings.HasPrefix(path, dir) }) {
			outside = append(outside, path)
		}
	}
	return outside
}

// block returns a block of a page.
func block(t *testing.T, path, name string) string {
	t.Helper()
	text, err := page.Find(filepath.Join(repository, path), name)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// bare runs a script in the repository, after another, where /etc, /opt, /usr/lib, /run, /var/lib and the network are its own. make has
// built already what it is told to build there. It returns what the script says.
func bare(t *testing.T, script, before string) string {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Fatal("this test makes namespaces and mounts: run it as root")
	}
	for _, built := range []string{"bin/etcfiles", "bin/oci-cni-hook", "bin/cni/cnitool"} {
		if _, err := os.Stat(filepath.Join(repository, built)); err != nil {
			t.Fatalf("%v: run `make build cni-plugins` first", err)
		}
	}
	const own = `mount -t tmpfs tmpfs /run
for dir in /etc /opt /usr/lib; do
	mkdir -p /run/own$dir/upper /run/own$dir/work
	mount -t overlay -o lowerdir=$dir,upperdir=/run/own$dir/upper,workdir=/run/own$dir/work overlay $dir
done
mount -t tmpfs tmpfs /var/lib
ip link set lo up
rm -rf /etc/cni /etc/containers
make() { [ "$*" = "build cni-plugins" ]; }
`
	cmd := exec.Command("bash", "-euo", "pipefail", "-c", own+before+"\n"+script)
	cmd.Dir = repository
	cmd.SysProcAttr = &unix.SysProcAttr{Unshareflags: unix.CLONE_NEWNS, Cloneflags: unix.CLONE_NEWNET}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatal(fmt.Errorf("%w\n%s\n%s", err, script, out))
	}
	return string(out)
}
