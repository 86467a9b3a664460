package hardened

import (
	"bytes"
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/etcfiles/etcfiles/integration/internal/plugin"
)

const root = "../.."

// programs lists what they may import of the packages that start a program or speak with a network: package net has the
// types of addresses, which flags may have, and the socket of RootlessKit.
var programs = map[string][]string{
	"plugins/meta/etcfiles":       {"net", "os/exec"}, // see TestOperationsStartNothing
	"plugins/hook/etcfiles-mount": {"net"},
	"plugins/nri/etcfiles-nri":    {"net"},
	"plugins/hook/oci-cni-hook":   {"crypto/tls", "net", "net/http", "os/exec"}, // libcni runs plugins
}

// TestImports: the programs that write or mount files start no other.
func TestImports(t *testing.T) {
	mains, err := filepath.Glob(root + "/plugins/*/*/main.go")
	mains = slices.DeleteFunc(mains, func(main string) bool { // a service with a module of its own, which is in no container's start
		_, err := os.Stat(filepath.Join(filepath.Dir(main), "go.mod"))
		return err == nil
	})
	if err != nil || len(mains) != len(programs) {
		t.Fatalf("%d programs, of which %d are tested: %v", len(mains), len(programs), err)
	}
	for program, allowed := range programs {
		deps := strings.Fields(run(t, "go", "list", "-deps", "./"+program))
		for _, risky := range []string{"os/exec", "net", "net/http", "crypto/tls", "plugin"} {
			if slices.Contains(deps, risky) && !slices.Contains(allowed, risky) {
				t.Errorf("%s imports %s", program, risky)
			}
		}
	}
}

// TestOperationsStartNothing: of the plugin only the admin tool can start a program, since etcfiles setup asks the runtimes for their
// configurations.
func TestOperationsStartNothing(t *testing.T) {
	const admin = "github.com/etcfiles/etcfiles/plugins/meta/etcfiles/admin"
	list := run(t, "go", "list", "-deps", "-f", "{{.ImportPath}} {{.Imports}}", "./plugins/meta/etcfiles")
	var importers []string
	for line := range strings.Lines(list) {
		if path, imports, _ := strings.Cut(line, " "); strings.Contains(imports, "os/exec") && strings.Contains(path, "/") {
			importers = append(importers, path)
		}
	}
	if !slices.Equal(importers, []string{admin}) {
		t.Errorf("os/exec is imported by %s", importers)
	}
}

// TestSockets: nothing in etcfiles-mount could open a socket, whatever it imports. The plugin can, for RootlessKit.
func TestSockets(t *testing.T) {
	for program, want := range map[string]bool{"plugins/hook/etcfiles-mount": false, "plugins/meta/etcfiles": true} {
		binary := filepath.Join(t.TempDir(), "program")
		run(t, "go", "build", "-o", binary, "./"+program)
		if have := strings.Contains(run(t, "go", "tool", "nm", binary), " syscall.connect\n"); have != want {
			t.Errorf("%s has connect(2): %v, want %v", program, have, want)
		}
	}
}

// TestBuild: two builds of two copies of the source, in directories of other names, are the same, and static.
func TestBuild(t *testing.T) {
	sums := map[string][2][]byte{}
	for i, name := range []string{"a", "another"} {
		source := filepath.Join(t.TempDir(), name)
		for _, part := range []string{"conflists", "pkg", "plugins"} {
			if err := os.CopyFS(filepath.Join(source, part), os.DirFS(filepath.Join(root, part))); err != nil {
				t.Fatal(err)
			}
		}
		for _, file := range []string{"go.mod", "go.sum"} {
			b, err := os.ReadFile(filepath.Join(root, file))
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(source, file), b, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		for program := range programs {
			binary := build(t, source, program)
			b, err := os.ReadFile(binary)
			if err != nil {
				t.Fatal(err)
			}
			sum := sums[program]
			sum[i] = b
			sums[program] = sum
			f, err := elf.Open(binary)
			if err != nil {
				t.Fatal(err)
			}
			if slices.ContainsFunc(f.Progs, func(p *elf.Prog) bool { return p.Type == elf.PT_INTERP }) {
				t.Errorf("%s is not static", program)
			}
			if err := f.Close(); err != nil {
				t.Error(err)
			}
		}
	}
	for program, sum := range sums {
		if !bytes.Equal(sum[0], sum[1]) {
			t.Errorf("%s: two builds differ", program)
		}
	}
}

// TestCapabilities: root without any capability is enough for ADD, DEL, STATUS and GC on a data directory of its own. To look
// into a network namespace, for CHECK and to see that IPv6 is disabled there, takes CAP_SYS_ADMIN and no other.
func TestCapabilities(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Fatal("this test drops capabilities: run it as root")
	}
	dir := t.TempDir()
	binary, netns := build(t, root, "plugins/meta/etcfiles"), filepath.Join(dir, "netns")
	if err := os.WriteFile(netns, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	run(t, "unshare", "--net="+netns, "sh", "-c", `
		set -e; ip link add eth0 type veth peer eth1; ip addr add 10.4.10.9/24 dev eth0; ip link set eth0 up
		sysctl -qw net.ipv6.conf.all.disable_ipv6=1`)
	t.Cleanup(func() {
		if err := unix.Unmount(netns, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	result, err := plugin.Result("1.1.0", "eth0", netns, "10.4.10.9/24")
	if err != nil {
		t.Fatal(err)
	}
	call := func(capabilities, dataDir, command string) error {
		c := plugin.Call{
			Binary: binary, Command: command, ID: "c", Netns: netns, IfName: "eth0",
			Prefix: []string{"setpriv", "--bounding-set=" + capabilities, "--inh-caps=-all", "--no-new-privs"},
			Stdin:  plugin.Config{Version: "1.1.0", Network: "lab", DataDir: filepath.Join(dir, dataDir), Result: result}.Bytes(),
		}
		_, err := c.Succeed()
		return err
	}
	const none, admin = "-all", "-all,+sys_admin"
	for _, command := range []string{"ADD", "STATUS", "GC", "ADD", "DEL"} {
		if err := call(none, "none", command); err != nil {
			t.Errorf("%s without capabilities: %v", command, err)
		}
	}
	for _, command := range []string{"ADD", "CHECK"} {
		if err := call(admin, "admin", command); err != nil {
			t.Errorf("%s with CAP_SYS_ADMIN alone: %v", command, err)
		}
	}
	if hosts, err := os.ReadFile(filepath.Join(dir, "admin/etchosts/default/c/hosts")); err != nil || strings.Contains(string(hosts), "::1") {
		t.Errorf("hosts file of a container without IPv6, made with CAP_SYS_ADMIN: %v\n%s", err, hosts)
	}
	if err := call(none, "admin", "CHECK"); err == nil {
		t.Error("CHECK claims to have looked into a network namespace without CAP_SYS_ADMIN")
	}
	if err := call(none, "admin", "DEL"); err != nil {
		t.Errorf("DEL without capabilities: %v", err)
	}
}

// build builds a program as the Makefile does.
func build(t *testing.T, source, program string) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), filepath.Base(program))
	cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w -X main.version=test", "-o", binary, "./"+program)
	cmd.Dir = source
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build %s: %v\n%s", program, err, out)
	}
	return binary
}

// run runs a program in the root of the repository and returns its stdout.
func run(t *testing.T, args ...string) string {
	t.Helper()
	var stderr strings.Builder
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir, cmd.Stderr = root, &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, &stderr)
	}
	return string(out)
}
