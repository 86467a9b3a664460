package packages

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
)

const repository = "../.."

// The versions that the tests install, as git would describe them: one after the other.
const (
	older = "v1.2.3"
	newer = "v1.2.4-rc.1"
)

// packages is where TestMain makes the packages, in a directory for each version.
var packages string

func TestMain(m *testing.M) {
	code, err := runTests(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "package:", err)
		code = 1
	}
	os.Exit(code)
}

func runTests(m *testing.M) (code int, err error) {
	if os.Geteuid() != 0 {
		return 0, errors.New("these tests install packages in a mount namespace: run them as root")
	}
	for _, command := range []string{"make", "dpkg", "rpm", "runc", "busybox", "wget", "ip", "iptables", "nsenter", "systemctl"} {
		if _, err := exec.LookPath(command); err != nil {
			return 0, fmt.Errorf("run `make test`, or install the package of the command that is missing: %w", err)
		}
	}
	packages, err = os.MkdirTemp("", "etcfiles-package-")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(packages)) }()
	for _, version := range []string{older, newer} {
		if err := makePackage(repository, version); err != nil {
			return 0, err
		}
	}
	return m.Run(), nil
}

// makePackage makes the packages for this architecture of the sources in a directory.
func makePackage(source, version string, env ...string) error {
	dist := dist(source, version)
	cmd := exec.Command("make", "package", "PACKAGE_ARCHS="+runtime.GOARCH, "VERSION="+version, "DIST="+dist)
	cmd.Dir = source
	cmd.Env = append(append(os.Environ(), "MAKEFLAGS="), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("make package in %s: %w\n%s", source, err, out)
	}
	return nil
}

// dist returns where the packages of a version are: for the sources elsewhere, among them.
func dist(source, version string) string {
	if source == repository {
		return filepath.Join(packages, version)
	}
	return filepath.Join(source, "dist")
}
