package upgrade

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/etcfiles/etcfiles/integration/internal/machines"
	"github.com/etcfiles/etcfiles/integration/internal/suite"
)

// Where `make former` has the version before, and says that it cannot have it.
const (
	former  = machines.Repository + "/bin/former"
	unknown = former + "/unknown"
)

// version is that of the packages that are made of this one.
const version = "v999.0.0"

// packages is where TestMain makes them.
var packages string

func TestMain(m *testing.M) {
	if reason, err := os.ReadFile(unknown); err == nil {
		fmt.Print(string(reason))
		return
	}
	os.Exit(suite.Suite{
		Name:     "upgrade",
		Commands: append(machines.Commands, "crun", "podman", "conmon"),
		Prepare: func(dir string) error {
			packages = filepath.Join(dir, version)
			if _, err := os.Stat(former + "/dist/SHA256SUMS"); err != nil {
				return fmt.Errorf("the version before is missing: run `make test`, or `make former` first: %w", err)
			}
			return machines.MakePackages(machines.Repository, packages, version)
		},
	}.Run(m))
}
