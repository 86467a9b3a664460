package podman

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Made by TestMain for all worlds, which only read them.
var (
	binDir   string // the programs under test, the reference plugins and the roles
	imageTar string // the root file system of every container
)

// roles are the other programs that the test binary is, by the name that it is called by.
var roles = map[string]func() error{
	"world":    runWorld,
	"recorder": runRecorder,
}

func TestMain(m *testing.M) {
	if role, ok := roles[filepath.Base(os.Args[0])]; ok {
		if err := role(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	status, err := runTests(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "podman:", err)
		status = 1
	}
	os.Exit(status)
}

func runTests(m *testing.M) (status int, err error) {
	if os.Geteuid() != 0 {
		return 1, errors.New("these tests start containers: run them as root")
	}
	for _, command := range []string{"podman", "conmon", "runc", "crun", "nsenter", "ip", "iptables", "busybox"} {
		if _, err := exec.LookPath(command); err != nil {
			return 1, fmt.Errorf("run `make test`, or install the package of the command that is missing: %w", err)
		}
	}
	dir, err := os.MkdirTemp("", "podman-test-")
	if err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := os.Chmod(dir, 0o755); err != nil { // in a user namespace the hook is run by another user
		return 1, err
	}
	binDir, imageTar = filepath.Join(dir, "bin"), filepath.Join(dir, "image.tar")
	if err := errors.Join(makeBin(), writeImage(imageTar)); err != nil {
		return 1, err
	}
	return m.Run(), nil
}

// makeBin builds the programs under test and links to the others.
func makeBin() error {
	build := exec.Command("go", "build", "-o", binDir+"/", "./plugins/...")
	build.Dir = filepath.Join("..", "..")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build the programs: %w\n%s", err, out)
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	for role := range roles {
		if err := os.Symlink(self, filepath.Join(binDir, role)); err != nil {
			return err
		}
	}
	for _, plugin := range []string{"bridge", "host-local", "portmap", "firewall"} {
		path := filepath.Join(referencePlugins(), plugin)
		if _, err := os.Stat(path); err != nil {
			return fmt.Errorf("the reference plugins are missing: run `make test`, or `make cni-plugins` first: %w", err)
		}
		if err := os.Symlink(path, filepath.Join(binDir, plugin)); err != nil {
			return err
		}
	}
	return nil
}

// referencePlugins returns the directory of the reference CNI plugins.
func referencePlugins() string {
	if dir := os.Getenv("CNI_PLUGINS"); dir != "" {
		return dir
	}
	dir, _ := filepath.Abs("../../bin/cni")
	return dir
}
