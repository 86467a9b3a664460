package oci

import (
	"os"
	"testing"

	"github.com/etcfiles/etcfiles/integration/internal/suite"
	"github.com/etcfiles/etcfiles/integration/internal/worlds"
)

// programs is where TestMain builds the programs under test, among the reference plugins and the roles.
var programs string

func TestMain(m *testing.M) {
	s := suite.Suite{
		Name:     "oci",
		Commands: []string{"runc", "crun", "strace", "nsenter", "ip", "iptables", "ip6tables", "busybox"},
		Roles: map[string]func() error{
			"world": func() error { return worlds.Init(func() error { return nil }) },
			"probe": runProbe,
		},
	}
	s.Prepare = func(dir string) error {
		programs = dir
		if err := suite.Build(dir, "./plugins/..."); err != nil {
			return err
		}
		return s.Link(dir)
	}
	os.Exit(s.Run(m))
}
