package upgrade

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/etcfiles/etcfiles/integration/internal/machines"
	"github.com/etcfiles/etcfiles/integration/internal/suite"
)

// TestScripts runs the stories in testdata, each on a machine of its own. $FORMER and $NOW are what `target` wants for the two versions, and
// $FORMER_DEB and $NOW_DEB their packages. Beside the scripts in testdata/bin and those of package machines there are these commands:
//
//	[!] know NAME...   each container that runs has the names in its /etc/hosts, each with one address
//	watch NAME...      from now on read the /etc/hosts of the containers with these hostnames, again and again, for these names
//	watched            none of these names was missing or had another address for an instant, and each of these containers has the
//	                   first process and the file that it had when the watch began
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		WorkdirRoot:         t.TempDir(),
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			root, err := machines.Start(env, packages)
			if err != nil {
				return err
			}
			before, err := filepath.Abs(former)
			if err != nil {
				return err
			}
			formerDeb, err := deb(before + "/dist")
			if err != nil {
				return err
			}
			nowDeb, err := deb(packages)
			if err != nil {
				return err
			}
			for name, value := range map[string]string{
				"FORMER": before + "/source", "FORMER_DEB": formerDeb, "NOW": packages, "NOW_DEB": nowDeb,
			} {
				env.Setenv(name, value)
			}
			env.Values[machineKey{}] = &machine{root: root}
			return nil
		},
		Condition: func(condition string) (bool, error) {
			if condition != "cni" {
				return false, errors.New("unknown condition " + condition)
			}
			return suite.PodmanHasCNI()
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"know": cmdKnow, "watch": cmdWatch, "watched": cmdWatched,
		},
	})
}

// deb returns the path of the package in a directory.
func deb(dir string) (string, error) {
	found, err := filepath.Glob(dir + "/etcfiles_*.deb")
	if err == nil && len(found) != 1 {
		err = errors.New(dir + " does not have exactly one package: " + strings.Join(found, " "))
	}
	if err != nil {
		return "", err
	}
	return found[0], nil
}

type machineKey struct{}

func machineOf(ts *testscript.TestScript) *machine { return ts.Value(machineKey{}).(*machine) }

func cmdKnow(ts *testscript.TestScript, neg bool, names []string) {
	containers, err := machineOf(ts).containers()
	ts.Check(err)
	if len(containers) == 0 {
		ts.Fatalf("no container runs")
	}
	for _, c := range containers {
		addresses, text := c.lookup(names)
		for i, name := range names {
			if want := map[bool]int{true: 0, false: 1}[neg]; len(addresses[i]) != want {
				ts.Fatalf("%s knows %s as %v:\n%s", c.name, name, addresses[i], text)
			}
		}
	}
}

func cmdWatch(ts *testscript.TestScript, neg bool, names []string) {
	m := machineOf(ts)
	if neg || len(names) == 0 || m.watch != nil {
		ts.Fatalf("usage: watch NAME..., and watched before the next")
	}
	w, err := m.startWatch(names)
	ts.Check(err)
	m.watch = w
	ts.Defer(func() { _, _ = w.end() })
}

func cmdWatched(ts *testscript.TestScript, neg bool, args []string) {
	m := machineOf(ts)
	if neg || len(args) > 0 || m.watch == nil {
		ts.Fatalf("usage: watched, after watch NAME...")
	}
	reads, err := m.watch.end()
	m.watch = nil
	ts.Check(err)
	ts.Logf("each file was read %d times", reads)
}
