package containerd

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Directories and files that all nodes share, read only.
var (
	repository string // root of the repository
	pluginDir  string // the CNI plugins, the OCI hooks and the recorder
	imageTar   string // see writeImage
)

// TestMain is also the init process of a node, the CNI plugin recorder and the clock, by the path that the binary is called with.
func TestMain(m *testing.M) {
	switch dir, name := filepath.Split(os.Args[0]); {
	case name == initName:
		os.Exit(runInit())
	case name == recorderName:
		os.Exit(runRecorder())
	case dir == binDir+"/":
		os.Exit(runTimed(name))
	}
	os.Exit(runTests(m))
}

func runTests(m *testing.M) int {
	if os.Geteuid() != 0 {
		fmt.Fprintln(os.Stderr, "these tests make namespaces and mounts: run them as root")
		return 1
	}
	dir, err := os.MkdirTemp("", "etcfiles-containerd-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o755); err != nil { // in a user namespace a hook runs as nobody that this machine knows
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if err := prepare(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// prepare builds what the nodes share.
func prepare(dir string) (err error) {
	if repository, err = filepath.Abs("../.."); err != nil {
		return err
	}
	pluginDir, imageTar = filepath.Join(dir, "plugins"), filepath.Join(dir, "image.tar")
	for dir, packages := range map[string]string{".": "./plugins/...", "plugins/etcd/etcfiles-etcd": "."} { // what make install installs
		build := exec.Command("go", "build", "-o", pluginDir+"/", packages)
		build.Dir = filepath.Join(repository, dir)
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			return fmt.Errorf("build the programs: %w\n%s", err, out)
		}
	}
	reference, err := filepath.Glob(filepath.Join(repository, "bin/cni/*"))
	if err != nil {
		return err
	}
	if len(reference) == 0 {
		return errors.New("bin/cni is empty: run `make cni-plugins` first")
	}
	for _, version := range append(versions, containerd17) {
		if _, err := os.Stat(version.binary("containerd")); err != nil {
			return fmt.Errorf("%w: run `make containerds` first", err)
		}
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	for _, target := range append(reference, self) {
		name := filepath.Base(target)
		if target == self {
			name = recorderName
		}
		if err := os.Symlink(target, filepath.Join(pluginDir, name)); err != nil && !os.IsExist(err) {
			return err
		}
	}
	return writeImage(imageTar)
}
