package podman

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/etcfiles/etcfiles/integration/internal/suite"
	"github.com/etcfiles/etcfiles/integration/internal/worlds"
)

// Made by TestMain for all worlds, which only read them.
var (
	binDir   string // the programs under test, the reference plugins and the roles
	imageTar string // the root file system of every container
	hasCNI   bool   // whether this Podman can use CNI
)

func TestMain(m *testing.M) {
	s := suite.Suite{
		Name:     "podman",
		Commands: []string{"podman", "conmon", "runc", "crun", "nsenter", "ip", "iptables", "ip6tables", "busybox"},
		Roles: map[string]func() error{
			"world":    func() error { return worlds.Init(mountWorld) },
			"recorder": runRecorder,
		},
	}
	s.Prepare = func(dir string) error {
		binDir, imageTar = filepath.Join(dir, "bin"), filepath.Join(dir, "image.tar")
		if err := suite.Build(binDir, "./plugins/..."); err != nil {
			return err
		}
		var err error
		if hasCNI, err = suite.PodmanHasCNI(); err != nil {
			return err
		}
		return errors.Join(s.Link(binDir), writeImage(imageTar))
	}
	os.Exit(s.Run(m))
}
