package ocimount

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/etcfiles/etcfiles/integration/internal/suite"
)

// hook is the path of the program under test, built once by TestMain.
var hook string

func TestMain(m *testing.M) {
	os.Exit(suite.Suite{Name: "ocimount", Commands: []string{"runc", "crun", "busybox"}, Prepare: func(dir string) error {
		hook = filepath.Join(dir, "etcfiles-mount")
		return suite.Build(dir, "-ldflags", "-X main.version=v1.2.3", "./plugins/hook/etcfiles-mount")
	}}.Run(m))
}
