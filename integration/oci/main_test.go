package oci

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// programs is where TestMain builds the programs under test.
var programs string

// roles are the other programs that the test binary is, by the name that it is called by.
var roles = map[string]func() error{
	"world": runWorld,
	"probe": runProbe,
	"rules": printRules,
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
		fmt.Fprintln(os.Stderr, "oci:", err)
		status = 1
	}
	os.Exit(status)
}

func runTests(m *testing.M) (status int, err error) {
	if os.Geteuid() != 0 {
		return 1, errors.New("these tests start containers: run them as root")
	}
	for _, command := range []string{"runc", "crun", "strace", "nsenter", "ip", "iptables", "busybox"} {
		if _, err := exec.LookPath(command); err != nil {
			return 1, fmt.Errorf("run `make test`, or install the package of the command that is missing: %w", err)
		}
	}
	if _, err := os.Stat(filepath.Join(referencePlugins(), "bridge")); err != nil {
		return 1, fmt.Errorf("the reference plugins are missing: run `make test`, or `make cni-plugins` first: %w", err)
	}
	programs, err = os.MkdirTemp("", "oci-bin-")
	if err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(programs)) }()
	if err := os.Chmod(programs, 0o755); err != nil { // the hook of a user-namespaced container runs as another user
		return 1, err
	}
	build := exec.Command("go", "build", "-o", programs+"/", "./plugins/...")
	build.Dir = filepath.Join("..", "..")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return 1, fmt.Errorf("build the programs: %w\n%s", err, out)
	}
	for _, name := range []string{"etcfiles", "oci-cni-hook", "etcfiles-mount"} {
		if _, err := os.Stat(filepath.Join(programs, name)); err != nil {
			return 1, fmt.Errorf("build the programs: %w", err)
		}
	}
	return m.Run(), nil
}

// referencePlugins returns the directory of the reference CNI plugins.
func referencePlugins() string {
	if dir := os.Getenv("CNI_PLUGINS"); dir != "" {
		return dir
	}
	dir, _ := filepath.Abs("../../bin/cni")
	return dir
}
