package worlds

import (
	"fmt"
	"slices"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// Runtimes are the OCI runtimes that everything is tested with.
var Runtimes = []string{"runc", "crun"}

// Commands are those that scripts have beside testscript's own.
type Commands = map[string]func(ts *testscript.TestScript, neg bool, args []string)

// key is that of the world among the values of a script's environment.
type key struct{}

// EndAfter ends a world when the test has ended.
func EndAfter(t *testing.T, w interface{ End() error }) {
	t.Helper()
	t.Cleanup(func() {
		if err := w.End(); err != nil {
			t.Error(err)
		}
	})
}

// RunScripts runs the stories in testdata with each runtime, each in a world of its own, which start makes. The name of the
// runtime is a condition.
func RunScripts[W interface{ End() error }](t *testing.T, commands Commands, start func(env *testscript.Env, runtime string) (W, error)) {
	for _, runtime := range Runtimes {
		t.Run(runtime, func(t *testing.T) {
			t.Parallel()
			testscript.Run(t, testscript.Params{
				Dir:             "testdata",
				WorkdirRoot:     t.TempDir(),
				ContinueOnError: true,
				Setup: func(env *testscript.Env) error {
					w, err := start(env, runtime)
					if err != nil {
						return err
					}
					env.Values[key{}] = w
					env.Defer(func() {
						if err := w.End(); err != nil {
							env.T().Log(err)
						}
					})
					return nil
				},
				Condition: func(condition string) (bool, error) {
					if !slices.Contains(Runtimes, condition) {
						return false, fmt.Errorf("unknown condition %q", condition)
					}
					return condition == runtime, nil
				},
				Cmds: commands,
			})
		})
	}
}

// Plain makes a command of a method that takes at least so many arguments and knows no negation.
func Plain[W any](least int, run func(W, *testscript.TestScript, []string) error) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		if neg || len(args) < least {
			ts.Fatalf("no negation, and at least %d arguments", least)
		}
		ts.Check(run(ts.Value(key{}).(W), ts, args))
	}
}

// Either makes a command of a method that may be wanted to fail.
func Either[W any](least int, run func(W, *testscript.TestScript, []string) error) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		if len(args) < least {
			ts.Fatalf("at least %d arguments", least)
		}
		err := run(ts.Value(key{}).(W), ts, args)
		switch {
		case !neg:
			ts.Check(err)
		case err == nil:
			ts.Fatalf("this did not fail")
		default:
			ts.Logf("%v", err)
		}
	}
}

// Knows makes the command [!] knows NAME HOST [ADDR...]: the container's own /etc/hosts has exactly these addresses for the
// name. The method finds them, and returns the file, too.
func Knows[W any](resolve func(w W, container, name string) (addresses []string, text string, err error)) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		if len(args) < 2 || neg && len(args) > 2 {
			ts.Fatalf("usage: [!] knows NAME HOST [ADDR...]")
		}
		addresses, text, err := resolve(ts.Value(key{}).(W), args[0], args[1])
		ts.Check(err)
		want := args[2:]
		if neg != (len(addresses) == 0) || len(want) > 0 && !slices.Equal(addresses, want) {
			ts.Fatalf("%s knows %s as %v:\n%s", args[0], args[1], addresses, text)
		}
	}
}
