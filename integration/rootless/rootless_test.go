package rootless

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestRootless runs testdata/user.sh: two containers find each other by name, their resolv.conf has slirp4netns's DNS, and
// nothing is left when they are gone (nerdctl and Podman need their own process in RootlessKit for this).
func TestRootless(t *testing.T) {
	dir := makeDir(t, "testdata/user.sh", "../../conflists/10-bridge.conflist")
	home := filepath.Join(dir, "home")
	out := asUser(t, dir, "rootlesskit", "--state-dir="+filepath.Join(home, "rootlesskit"), "--net=slirp4netns", "--disable-host-loopback", "--pidns",
		"--copy-up=/etc", "--copy-up=/run", "--copy-up=/var/lib", filepath.Join(dir, "user.sh"))
	if !strings.HasSuffix(out, "nothing is left\n") {
		t.Errorf("%s", out)
	}
}

// makeDir makes a directory that everybody may read, with the programs in bin, the CNI plugins in bin/cni, and copies of files.
func makeDir(t *testing.T, files ...string) string {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Fatal("this test makes a user in a mount namespace: run it as root")
	}
	plugins := os.Getenv("CNI_PLUGINS")
	if plugins == "" {
		t.Fatal("CNI_PLUGINS is not set: run `make test`")
	}
	dir, err := os.MkdirTemp("/tmp", "etcfiles-rootless") // a short path: RootlessKit's socket is below it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	bin := filepath.Join(dir, "bin")
	build(t, bin, "../../plugins/meta/etcfiles", "../../plugins/hook/oci-cni-hook", "../../plugins/hook/etcfiles-mount")
	install(t, filepath.Join(bin, "cni"), plugins, "bridge", "host-local", "portmap", "firewall")
	if err := os.Symlink("../etcfiles", filepath.Join(bin, "cni", "etcfiles")); err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		install(t, dir, filepath.Dir(file), filepath.Base(file))
	}
	return dir
}

// asUser runs a command as an unprivileged user, whose home is in the directory, and returns what it prints.
func asUser(t *testing.T, dir string, command ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "unshare", append([]string{"--mount", "--pid", "--fork", "--mount-proc", "--propagation", "private", "--kill-child", "testdata/host.sh", dir}, command...)...)
	cmd.Env = append(os.Environ(), "BIN="+filepath.Join(dir, "bin"), "CONFLIST="+filepath.Join(dir, "10-bridge.conflist"))
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return string(out)
}

// build builds programs into the directory.
func build(t *testing.T, dir string, programs ...string) {
	t.Helper()
	cmd := exec.Command("go", append([]string{"build", "-o", dir + "/"}, programs...)...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
}

// install copies files for everybody to read and run: the unprivileged user sees no directory of root's.
func install(t *testing.T, to, from string, names ...string) {
	t.Helper()
	if err := os.MkdirAll(to, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		b, err := os.ReadFile(filepath.Join(from, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(to, name), b, 0o755); err != nil {
			t.Fatal(err)
		}
	}
}
