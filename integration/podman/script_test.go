package podman

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// runtimes are the OCI runtimes that Podman is tested with.
var runtimes = []string{"runc", "crun"}

// TestScripts runs the stories in testdata with each runtime, each in a world of its own. Beside the commands of testscript
// there are these:
//
//	setup [no-hosts] [override]     have Podman mount no /etc/hosts of its own; have the hook mount over what Podman mounts
//	network NAME                    install the shipped conflist, with the recorder before etcfiles
//	[!] run NAME [FLAG...] [-- COMMAND...]
//	                                podman run a container that serves its /etc by HTTP, or runs a command. $NAME is its ID,
//	                                $NAME_short the first 12 digits of it
//	runall NAME...                  the same on the network lab, all at once
//	[!] podman ARGUMENT...          any other command of Podman
//	[!] knows NAME HOST [ADDR...]   the container's own /etc/hosts has exactly these addresses for the name
//	fetch NAME HOST                 the container fetches http://HOST/hostname, and prints it
//	die NAME                        kill the container's first process
//	log                             print the calls of the recorder, and forget them
//	left [N] [SUBJECT=N...]         compare what there is (subjects in left_test.go) with what N containers on one network
//	                                have, or none, except for the subjects that are named
func TestScripts(t *testing.T) {
	for _, runtime := range runtimes {
		t.Run(runtime, func(t *testing.T) {
			t.Parallel()
			runScripts(t, runtime)
		})
	}
}

func runScripts(t *testing.T, runtime string) {
	testscript.Run(t, testscript.Params{
		Dir:             "testdata",
		WorkdirRoot:     t.TempDir(),
		ContinueOnError: true,
		Setup: func(env *testscript.Env) error {
			w, err := newWorld(env.WorkDir, runtime)
			if err != nil {
				return err
			}
			env.Setenv("nameserver", nameserver)
			env.Setenv("cgroup", w.cgroup)
			env.Values[worldKey{}] = w
			env.Defer(func() {
				if err := w.end(); err != nil {
					env.T().Log(err)
				}
			})
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"setup":   plain(0, (*world).cmdSetup),
			"network": plain(1, (*world).cmdNetwork),
			"runall":  plain(1, (*world).cmdRunAll),
			"fetch":   plain(2, (*world).cmdFetch),
			"die":     plain(1, (*world).cmdDie),
			"log":     plain(0, (*world).cmdLog),
			"left":    plain(0, (*world).cmdLeft),
			"run":     either(1, (*world).cmdRun),
			"podman":  either(1, (*world).cmdPodman),
			"knows":   cmdKnows,
		},
	})
}

type worldKey struct{}

// plain makes a command of a method that takes at least so many arguments and knows no negation.
func plain(least int, run func(*world, *testscript.TestScript, []string) error) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		if neg || len(args) < least {
			ts.Fatalf("no negation, and at least %d arguments", least)
		}
		ts.Check(run(ts.Value(worldKey{}).(*world), ts, args))
	}
}

// either makes a command of a method that may be wanted to fail.
func either(least int, run func(*world, *testscript.TestScript, []string) error) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		if len(args) < least {
			ts.Fatalf("at least %d arguments", least)
		}
		err := run(ts.Value(worldKey{}).(*world), ts, args)
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

func (w *world) cmdSetup(_ *testscript.TestScript, modes []string) error { return w.configure(modes) }

func (w *world) cmdNetwork(_ *testscript.TestScript, args []string) error {
	return w.addNetwork(args[0])
}

func (w *world) cmdPodman(ts *testscript.TestScript, args []string) error {
	stdout, stderr, err := w.run(append([]string{"podman"}, args...)...)
	fmt.Fprint(ts.Stdout(), stdout)
	fmt.Fprint(ts.Stderr(), stderr)
	return err
}

func (w *world) cmdRun(ts *testscript.TestScript, args []string) error {
	id, stderr, err := w.runContainer(args[0], args[1:])
	fmt.Fprint(ts.Stderr(), stderr)
	setID(ts, args[0], id)
	return err
}

// runContainer starts a container with flags and, behind "--", a command.
func (w *world) runContainer(name string, args []string) (id, stderr string, err error) {
	flags, command := args, []string{"httpd", "-f", "-p", "80", "-h", "/etc"}
	if i := slices.Index(args, "--"); i >= 0 {
		flags, command = args[:i], args[i+1:]
	}
	line := []string{"podman", "run", "--detach", "--name", name, "--pidfile", w.pidFile(name), "--cgroup-parent", w.cgroup}
	id, stderr, err = w.run(slices.Concat(line, flags, []string{imageName}, command)...)
	return strings.TrimSpace(id), stderr, err
}

func setID(ts *testscript.TestScript, name, id string) {
	ts.Setenv(name, id)
	ts.Setenv(name+"_short", id[:min(12, len(id))])
}

func (w *world) cmdRunAll(ts *testscript.TestScript, names []string) error {
	ids, errs := make([]string, len(names)), make([]error, len(names))
	var wg sync.WaitGroup
	for i, name := range names {
		wg.Go(func() { ids[i], _, errs[i] = w.runContainer(name, []string{"--network", "lab"}) })
	}
	wg.Wait()
	for i, name := range names {
		setID(ts, name, ids[i])
	}
	return errors.Join(errs...)
}

func (w *world) cmdFetch(ts *testscript.TestScript, args []string) error {
	const get = `until printf "GET /hostname HTTP/1.0\r\n\r\n" | nc "$0" 80; do sleep 0.05; done` // until httpd listens
	out, _, err := w.run("podman", "exec", args[0], "timeout", "10", "sh", "-c", get, args[1])
	fmt.Fprint(ts.Stdout(), out)
	if err == nil && !strings.Contains(out, " 200 OK") {
		return fmt.Errorf("%s fetches from %s: %s", args[0], args[1], out)
	}
	return err
}

// pidFile returns where Podman's conmon writes the PID of a container's first process, as the world sees it.
func (w *world) pidFile(name string) string { return filepath.Join(w.dir, name+".pid") }

func (w *world) pid(name string) (int, error) {
	text, err := os.ReadFile(w.pidFile(name))
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(string(text))
}

func (w *world) cmdDie(_ *testscript.TestScript, args []string) error {
	pid, err := w.pid(args[0])
	if err != nil {
		return err
	}
	_, _, err = w.run("sh", "-c", fmt.Sprintf("kill -9 %d", pid))
	return err
}

func (w *world) cmdLog(ts *testscript.TestScript, _ []string) error {
	path := filepath.Join(w.dir, "log")
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	fmt.Fprint(ts.Stdout(), string(b))
	return os.Remove(path)
}

func cmdKnows(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 2 || neg && len(args) > 2 {
		ts.Fatalf("usage: [!] knows NAME HOST [ADDR...]")
	}
	w := ts.Value(worldKey{}).(*world)
	addresses, text, err := w.resolve(args[0], args[1])
	ts.Check(err)
	want := args[2:]
	if neg != (len(addresses) == 0) || len(want) > 0 && !slices.Equal(addresses, want) {
		ts.Fatalf("%s knows %s as %v:\n%s", args[0], args[1], addresses, text)
	}
}

// resolve finds the addresses of a name in the /etc/hosts that a running container sees, as libc does.
func (w *world) resolve(container, name string) (addresses []string, text string, err error) {
	pid, err := w.pid(container)
	if err != nil {
		return nil, "", err
	}
	b, err := os.ReadFile(w.inside(fmt.Sprintf("/proc/%d/root/etc/hosts", pid)))
	for line := range strings.Lines(string(b)) {
		line, _, _ = strings.Cut(line, "#")
		if words := strings.Fields(line); len(words) > 1 && slices.Contains(words[1:], name) {
			addresses = append(addresses, words[0])
		}
	}
	return addresses, string(b), err
}

func (w *world) cmdLeft(_ *testscript.TestScript, args []string) error {
	n := 0
	if len(args) > 0 && !strings.Contains(args[0], "=") {
		var err error
		if n, err = strconv.Atoi(args[0]); err != nil {
			return err
		}
		args = args[1:]
	}
	want := ofRunning(n)
	for _, arg := range args {
		subject, text, _ := strings.Cut(arg, "=")
		n, err := strconv.Atoi(text)
		if err != nil || subjects[subject] == nil {
			return fmt.Errorf("%s: want SUBJECT=N", arg)
		}
		want[subject] = n
	}
	return w.left(want)
}

// poll waits until a condition holds.
func poll(otherwise string, holds func() bool) error {
	for end := time.Now().Add(20 * time.Second); !holds(); {
		if time.Now().After(end) {
			return errors.New(otherwise)
		}
		time.Sleep(20 * time.Millisecond)
	}
	return nil
}

func isGone(err error) bool { return errors.Is(err, fs.ErrNotExist) }
