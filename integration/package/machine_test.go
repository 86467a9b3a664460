package packages

import (
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/etcfiles/etcfiles/integration/internal/machines"
)

// TestScripts runs the stories in testdata, each on a machine of its own, which sees $OLDER and $NEWER, the directories of the packages of
// two versions; the programs are in $PROGRAMS there.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:         "testdata",
		WorkdirRoot: t.TempDir(),
		Cmds:        machines.Pages,
		Setup: func(env *testscript.Env) error {
			env.Setenv("OLDER", filepath.Join(packages, older))
			env.Setenv("NEWER", filepath.Join(packages, newer))
			_, err := machines.Start(env, packages)
			return err
		},
	})
}
