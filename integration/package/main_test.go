package packages

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/etcfiles/etcfiles/integration/internal/suite"
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
	os.Exit(suite.Suite{
		Name:     "package",
		Commands: []string{"make", "dpkg", "rpm", "runc", "busybox", "wget", "ip", "iptables", "nsenter", "systemctl"},
		Prepare: func(dir string) error {
			packages = dir
			return errors.Join(makePackage(repository, older), makePackage(repository, newer))
		},
	}.Run(m))
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
