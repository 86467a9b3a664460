package hardened

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/etcfiles/etcfiles/integration/internal/suite"
	"github.com/etcfiles/etcfiles/integration/internal/worlds"
)

// exposure is the most that systemd-analyze may find each service to be exposed, of 10. A service without any of these settings has 9.6.
var exposure = map[string]float64{
	"etcfiles-refresh.service": 2,
	"etcfiles-metrics.service": 4,   // it has to see the host's mounts
	"etcfiles-prune.service":   4,   // so has this
	"etcfiles-nri.service":     4,   // and this
	"oci-cni-hook-gc.service":  6.5, // so does this, and it runs CNI plugins

	"etcfiles-etcd.service":         2.5, // it speaks with a network
	"etcfiles-etcd-metrics.service": 2,
}

var overall = regexp.MustCompile(`Overall exposure level for \S+: ([0-9.]+)`)

func services(t *testing.T) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(root, "plugins/*/*/*.service"))
	if err != nil || len(paths) != len(exposure) {
		t.Fatalf("%d services, of which %d have a threshold: %v", len(paths), len(exposure), err)
	}
	return paths
}

// TestExposure: systemd finds no service more exposed than it has to be.
func TestExposure(t *testing.T) {
	for _, path := range services(t) {
		most, ok := exposure[filepath.Base(path)]
		if !ok {
			t.Errorf("%s has no threshold", path)
			continue
		}
		out, err := exec.Command("systemd-analyze", "security", "--offline=true", "--no-pager", path).CombinedOutput()
		found := overall.FindSubmatch(out)
		if found == nil {
			t.Errorf("%s: %v\n%s", path, err, out)
			continue
		}
		level, err := strconv.ParseFloat(string(found[1]), 64)
		if err != nil || level > most {
			t.Errorf("%s: exposure %v, %v; want at most %v\n%s", path, level, err, most, out)
		}
	}
}

// withEtcd puts etcfiles-etcd into a directory, and an etcd for it.
func withEtcd(t *testing.T, bin string) {
	t.Helper()
	build := exec.Command("go", "build", "-o", bin+"/", ".")
	build.Dir, build.Env = filepath.Join(root, "plugins/etcd/etcfiles-etcd"), append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if out, err := exec.Command("cp", "-t", bin, filepath.Join(root, "bin/etcd/etcd"), filepath.Join(root, "bin/etcd/etcdctl")).CombinedOutput(); err != nil {
		t.Fatalf("etcd is missing: run `make test`, or `make etcd` first: %v\n%s", err, out)
	}
}

// TestUnits: what the services are for works with their settings. This machine's systemd runs them as they are shipped, as the first process of a
// machine of its own; and a program in the place of ours can write where the unit may, and nowhere else.
func TestUnits(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Fatal("this test starts a systemd in namespaces: run it as root")
	}
	bin := t.TempDir()
	if err := suite.Build(bin, "./plugins/meta/etcfiles", "./plugins/hook/oci-cni-hook", "./plugins/nri/etcfiles-nri"); err != nil {
		t.Fatal(err)
	}
	containerd, err := os.ReadFile(filepath.Join(root, "bin/containerd2/containerd"))
	if err != nil {
		t.Fatalf("%v: run `make containerds` first", err)
	}
	if err := os.WriteFile(filepath.Join(bin, "containerd"), containerd, 0o755); err != nil {
		t.Fatal(err)
	}
	withEtcd(t, bin)
	plugins, err := suite.ReferencePlugins()
	if err != nil {
		t.Fatal(err)
	}
	cgroup := fmt.Sprintf("/etcfiles-hardened-%d", os.Getpid())
	t.Cleanup(func() {
		if err := worlds.RemoveCgroups(cgroup); err != nil {
			t.Error(err)
		}
	})
	args := append([]string{t.TempDir(), cgroup, "testdata/units.sh", bin, plugins}, services(t)...)
	cmd := exec.Command("testdata/systemd.sh", args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	cmd.Stdout, cmd.Stderr = write, write
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	write.Close()
	hung := time.AfterFunc(2*time.Minute, func() { _ = cmd.Process.Kill() })
	var said strings.Builder
	for lines := bufio.NewScanner(read); !strings.Contains(said.String(), "the script ended with ") && lines.Scan(); {
		said.WriteString(lines.Text() + "\n")
	}
	hung.Stop()
	_ = cmd.Process.Kill() // and with it, by unshare --kill-child, systemd and all that is on the machine
	_ = cmd.Wait()
	if !strings.HasSuffix(said.String(), "the script ended with 0\n") {
		t.Error(said.String())
	}
}
