package packages

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/etcfiles/etcfiles/integration/internal/machines"
	"github.com/etcfiles/etcfiles/integration/internal/suite"
)

const repository = machines.Repository

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
		Commands: machines.Commands,
		Prepare: func(dir string) error {
			packages = dir
			return errors.Join(makePackage(repository, older), makePackage(repository, newer))
		},
	}.Run(m))
}

// makePackage makes the packages of the sources in a directory.
func makePackage(source, version string, env ...string) error {
	return machines.MakePackages(source, dist(source, version), version, env...)
}

// dist returns where the packages of a version are: for the sources elsewhere, among them.
func dist(source, version string) string {
	if source == repository {
		return filepath.Join(packages, version)
	}
	return filepath.Join(source, "dist")
}
