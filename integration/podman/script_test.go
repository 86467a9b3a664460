package podman

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/etcfiles/etcfiles/integration/internal/worlds"
)

// TestScripts runs the stories in testdata with each runtime, each in a world of its own. Beside the commands of testscript
// there are these:
//
//	setup [no-hosts] [override] [cni-hook]
//	                                have Podman mount no /etc/hosts of its own; have the hook mount over what Podman mounts; have a
//	                                hook that runs CNI, too
//	network NAME [JSON]             install the shipped conflist, with the recorder before etcfiles, which has further keys
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
	if !hasCNI {
		t.Skip("this Podman is built without CNI: TestHooks tests what it can do")
	}
	worlds.RunScripts(t, worlds.Commands{
		"setup":   worlds.Plain(0, (*world).cmdSetup),
		"network": worlds.Plain(1, (*world).cmdNetwork),
		"runall":  worlds.Plain(1, (*world).cmdRunAll),
		"fetch":   worlds.Plain(2, (*world).cmdFetch),
		"die":     worlds.Plain(1, (*world).cmdDie),
		"log":     worlds.Plain(0, (*world).cmdLog),
		"left":    worlds.Plain(0, (*world).cmdLeft),
		"run":     worlds.Either(1, (*world).cmdRun),
		"podman":  worlds.Either(1, (*world).cmdPodman),
		"knows":   worlds.Knows((*world).resolve),
	}, func(env *testscript.Env, runtime string) (*world, error) {
		w, err := newWorld(env.WorkDir, runtime)
		if err != nil {
			return nil, err
		}
		env.Setenv("nameserver", nameserver)
		env.Setenv("cgroup", w.Cgroup)
		return w, nil
	})
}

func (w *world) cmdSetup(_ *testscript.TestScript, modes []string) error { return w.configure(modes) }

func (w *world) cmdNetwork(_ *testscript.TestScript, args []string) error {
	return w.addNetwork(args[0], args[1:]...)
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
	line := []string{"podman", "run", "--detach", "--name", name, "--pidfile", w.pidFile(name), "--cgroup-parent", w.Cgroup}
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

func (w *world) cmdDie(_ *testscript.TestScript, args []string) error {
	pid, err := worlds.ReadPID(w.pidFile(args[0]))
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

// resolve finds the addresses of a name in the /etc/hosts that a running container sees.
func (w *world) resolve(container, name string) (addresses []string, text string, err error) {
	pid, err := worlds.ReadPID(w.pidFile(container))
	if err != nil {
		return nil, "", err
	}
	return w.Lookup(pid, name)
}

func (w *world) cmdLeft(_ *testscript.TestScript, args []string) error {
	want, err := subjects.ReadCounts(args, ofRunning)
	if err != nil {
		return err
	}
	return w.left(want)
}
