package oci

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/etcfiles/etcfiles/integration/internal/worlds"
)

// TestScripts runs the stories in testdata with each runtime, each in a world of its own: $runtime is its name and $path where it
// is, $cgroup that which the containers are below. A container is named ID, or NS/ID for one in a bundle as containerd's. Beside the commands of testscript there are these:
//
//	network NAME [probe] [addresses]  install the shipped conflist, with the plugin probe before etcfiles, and with
//	                                the capabilities ips and mac
//	netns NAME...                   make network namespaces at $WORK/netns/NAME
//	bundle [-netns PATH|host] NAME  make a bundle without hooks
//	container [-netns PATH|host] NAME [FLAG...]
//	                                the same, and run oci-cni-hook spec on it, with --name NAME and the flags
//	config NAME JSON                lay a patch over its config.json
//	mount NAME SOURCE TARGET        have it bind-mount a file
//	addhook STAGE NAME SHELL        put a hook behind those that there are; insert puts it before them
//	[!] start [-noenv] [-env NAME=VALUE] NAME...  run containers, one after the other; silent if it succeeds
//	begin ..., [!] finish NAME...   the same in two steps
//	delete NAME...                  have the runtime kill and delete them, silently
//	[!] remove NAME                 the same, whatever it prints
//	[!] in NAME COMMAND...          run a command in a container, with the runtime
//	[!] world COMMAND...            run a command in the world, without a container
//	[!] knows NAME HOST [ADDR...]   the container's own /etc/hosts has exactly these addresses for the name
//	kill9 NAME                      kill the container's first process
//	killprogram PROGRAM [term]      wait for a program to run, and kill its oldest process, or end it by SIGTERM
//	[!] hook STAGE NAME [FLAG...]   call the hook by hand; silent if it succeeds
//	[!] gc                          call its gc
//	[!] recorded ARG...             call it with ls, rm and the like
//	[!] byhand PROGRAM STAGE NAME   call a hook's program with what the runtime's state command prints
//	fail COMMAND NETWORK [TEXT]     from now on the plugin probe fails; mend undoes that
//	gate COMMAND NETWORK            from now on it waits; atgate waits until it does, open lets it go
//	log                             print the calls of probe, and forget them
//	left [N] [SUBJECT=N...]         compare what there is (subjects in left_test.go) with what N containers on one network
//	                                have, or none, except for the subjects that are named
//	ended PROGRAM...                wait until no process runs a program
//	rootlesskit ADDR                serve RootlessKit's API at $WORK/rk/api.sock, with the address of its DNS server
//	unmount PATH                    undo every mount there and below
func TestScripts(t *testing.T) {
	worlds.RunScripts(t, worlds.Commands{
		"network":     worlds.Plain(0, (*world).cmdNetwork),
		"netns":       worlds.Plain(1, (*world).cmdNetns),
		"bundle":      worlds.Plain(1, (*world).cmdBundle),
		"container":   worlds.Plain(1, (*world).cmdContainer),
		"config":      worlds.Plain(2, (*world).cmdConfig),
		"mount":       worlds.Plain(3, (*world).cmdMount),
		"addhook":     worlds.Plain(3, (*world).cmdAddHook),
		"insert":      worlds.Plain(3, (*world).cmdInsert),
		"begin":       worlds.Plain(1, (*world).cmdBegin),
		"delete":      worlds.Plain(1, (*world).cmdDelete),
		"kill9":       worlds.Plain(1, (*world).cmdKill),
		"killprogram": worlds.Plain(1, (*world).cmdKillProgram),
		"fail":        worlds.Plain(2, (*world).cmdFail),
		"mend":        worlds.Plain(2, (*world).cmdMend),
		"gate":        worlds.Plain(2, (*world).cmdGate),
		"atgate":      worlds.Plain(2, (*world).cmdAtGate),
		"open":        worlds.Plain(2, (*world).cmdOpen),
		"log":         worlds.Plain(0, (*world).cmdLog),
		"left":        worlds.Plain(0, (*world).cmdLeft),
		"unmount":     worlds.Plain(1, (*world).cmdUnmount),
		"ended":       worlds.Plain(1, (*world).cmdEnded),
		"rootlesskit": worlds.Plain(1, (*world).cmdRootlessKit),
		"start":       worlds.Either(1, (*world).cmdStart),
		"finish":      worlds.Either(1, (*world).cmdFinish),
		"remove":      worlds.Either(1, (*world).cmdRemove),
		"in":          worlds.Either(2, (*world).cmdIn),
		"world":       worlds.Either(1, (*world).cmdWorld),
		"knows":       worlds.Knows((*world).resolve),
		"hook":        worlds.Either(2, (*world).cmdHook),
		"gc":          worlds.Either(0, (*world).cmdGC),
		"recorded":    worlds.Either(1, (*world).cmdRecorded),
		"byhand":      worlds.Either(3, (*world).cmdByHand),
	}, func(env *testscript.Env, runtime string) (*world, error) {
		path, err := exec.LookPath(runtime)
		if err != nil {
			return nil, err
		}
		env.Setenv("runtime", runtime)
		env.Setenv("path", path)
		w, err := newWorld(env.WorkDir, runtime)
		if err != nil {
			return nil, err
		}
		env.Setenv("cgroup", w.Cgroup)
		return w, nil
	})
}

// each makes a command for one container into one for several.
func each(args []string, do func(c container) error) error {
	for _, name := range args {
		if err := do(parseContainer(name)); err != nil {
			return err
		}
	}
	return nil
}

func (w *world) cmdNetwork(_ *testscript.TestScript, args []string) error {
	return w.addNetwork(args[0], slices.Contains(args, "probe"), slices.Contains(args, "addresses"))
}

func (w *world) cmdNetns(_ *testscript.TestScript, names []string) error {
	for _, name := range names {
		if err := w.makeNetns(w.path("netns", name)); err != nil {
			return err
		}
	}
	return nil
}

func (w *world) cmdStart(ts *testscript.TestScript, args []string) error {
	prefix, names := environment(args)
	return each(names, func(c container) error {
		if err := w.begin(c, prefix...); err != nil {
			return err
		}
		return w.wait(ts, c)
	})
}

func (w *world) cmdBegin(_ *testscript.TestScript, args []string) error {
	prefix, names := environment(args)
	return each(names, func(c container) error { return w.begin(c, prefix...) })
}

// environment reads [-noenv] [-env NAME=VALUE]... and returns the command that sets it.
func environment(args []string) (command, rest []string) {
	for len(args) > 0 && strings.HasPrefix(args[0], "-") {
		if command == nil {
			command = []string{"env"}
		}
		if args[0] == "-noenv" {
			command, args = append(command, "-i"), args[1:]
		} else {
			command, args = append(command, args[1]), args[2:]
		}
	}
	return command, args
}

func (w *world) cmdFinish(ts *testscript.TestScript, args []string) error {
	return each(args, func(c container) error { return w.wait(ts, c) })
}

// wait waits for the runtime; if it succeeds, it must have been silent.
func (w *world) wait(ts *testscript.TestScript, c container) error {
	stdout, stderr, err := w.finish(c)
	fmt.Fprint(ts.Stdout(), stdout)
	fmt.Fprint(ts.Stderr(), stderr)
	if err == nil && stdout+stderr != "" {
		ts.Fatalf("the start of %s printed: %s%s", c.cniID(), stdout, stderr)
	}
	return err
}

func (w *world) cmdDelete(_ *testscript.TestScript, args []string) error {
	return each(args, w.deleteSilently)
}

func (w *world) cmdRemove(ts *testscript.TestScript, args []string) error {
	stderr, err := w.delete(parseContainer(args[0]))
	fmt.Fprint(ts.Stderr(), stderr)
	return err
}

func (w *world) cmdIn(ts *testscript.TestScript, args []string) error {
	c := parseContainer(args[0])
	args = append([]string{w.runtime, "--root", w.root(c.namespace), "exec", c.id}, args[1:]...)
	out, err := w.run(args...)
	for try := 0; err != nil && strings.Contains(err.Error(), "setns(pid=") && try < 10; try++ { // crun joins what the kernel is just starting
		time.Sleep(50 * time.Millisecond)
		out, err = w.run(args...)
	}
	fmt.Fprint(ts.Stdout(), out)
	return err
}

func (w *world) cmdWorld(ts *testscript.TestScript, args []string) error {
	out, err := w.run(args...)
	fmt.Fprint(ts.Stdout(), out)
	return err
}

// resolve finds the addresses of a name in the /etc/hosts that a running container sees.
func (w *world) resolve(container, name string) (addresses []string, text string, err error) {
	pid, err := w.pid(parseContainer(container))
	if err != nil {
		return nil, "", err
	}
	return w.Lookup(pid, name)
}

func (w *world) cmdHook(ts *testscript.TestScript, args []string) error {
	stdout, stderr, err := w.callHook(args[0], parseContainer(args[1]), args[2:])
	return answer(ts, stdout, stderr, err)
}

// answer prints what the hook printed: nothing, if it succeeded, and one line on stderr if not.
func answer(ts *testscript.TestScript, stdout, stderr string, err error) error {
	fmt.Fprint(ts.Stdout(), stdout)
	fmt.Fprint(ts.Stderr(), stderr)
	switch {
	case stdout != "", err == nil && stderr != "":
		ts.Fatalf("the hook printed %q, and %q on stderr", stdout, stderr)
	case err != nil && (strings.Count(stderr, "\n") != 1 || !strings.HasSuffix(stderr, "\n")):
		ts.Fatalf("the hook failed and printed not one line on stderr: %q", stderr)
	}
	return err
}

func (w *world) cmdGC(ts *testscript.TestScript, args []string) error {
	stdout, stderr, err := w.callHookWith(nil, append(append(w.hookFlags(), args...), "gc")...)
	fmt.Fprint(ts.Stdout(), stdout)
	fmt.Fprint(ts.Stderr(), stderr)
	if err == nil && stderr != "" {
		ts.Fatalf("gc printed on stderr: %s", stderr)
	}
	return err
}

// cmdRecorded calls a command that may say on stderr what it could not do.
func (w *world) cmdRecorded(ts *testscript.TestScript, args []string) error {
	stdout, stderr, err := w.callHookWith(nil, append(w.hookFlags(), args...)...)
	fmt.Fprint(ts.Stdout(), stdout)
	fmt.Fprint(ts.Stderr(), stderr)
	return err
}

// cmdByHand does what somebody at a terminal may try: runc state NAME | PROGRAM STAGE.
func (w *world) cmdByHand(ts *testscript.TestScript, args []string) error {
	c := parseContainer(args[2])
	state, err := w.run(w.runtime, "--root", w.root(c.namespace), "state", c.id)
	if err != nil {
		return err
	}
	flags := []string{"--data-dir", w.data()}
	if args[0] == "oci-cni-hook" {
		flags = w.hookFlags()
	}
	stdout, stderr, err := w.pipe(state, append(append([]string{filepath.Join(w.bin(), args[0])}, flags...), args[1])...)
	return answer(ts, stdout, stderr, err)
}

func (w *world) cmdLeft(_ *testscript.TestScript, args []string) error {
	want, err := subjects.ReadCounts(args, ofRunning)
	if err != nil {
		return err
	}
	return w.left(want)
}

func (w *world) cmdUnmount(_ *testscript.TestScript, args []string) error { return w.unmount(args[0]) }

func (w *world) cmdKill(_ *testscript.TestScript, args []string) error {
	return each(args, func(c container) error {
		pid, err := w.pid(c)
		if err != nil {
			return err
		}
		return w.kill(pid)
	})
}

func (w *world) cmdKillProgram(_ *testscript.TestScript, args []string) error {
	pid, err := w.await(args[0], true)
	if err != nil {
		return err
	}
	if len(args) > 1 {
		_, err := w.run("sh", "-c", fmt.Sprintf("kill -TERM %d", pid))
		return err
	}
	return w.kill(pid)
}

func (w *world) cmdEnded(_ *testscript.TestScript, programs []string) error {
	for _, program := range programs {
		if _, err := w.await(program, false); err != nil {
			return err
		}
	}
	return nil
}

// cmdRootlessKit answers as RootlessKit does with slirp4netns.
func (w *world) cmdRootlessKit(ts *testscript.TestScript, args []string) error {
	dir := w.path("rk")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	l, err := net.Listen("unix", filepath.Join(dir, "api.sock"))
	if err != nil {
		return err
	}
	ts.Defer(func() { _ = l.Close() })
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/info", func(answer http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(answer, `{"apiVersion":"1.1.1","version":"1.1.0","stateDir":%q,"networkDriver":{"driver":"slirp4netns","dns":[%q]}}`, dir, args[0])
	})
	go func() { _ = http.Serve(l, mux) }()
	return nil
}
