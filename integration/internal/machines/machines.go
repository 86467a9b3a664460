// Package machines makes machines for programs to be installed on. A machine is an overlay over the root of this one, in namespaces of
// its own that end with the test.
package machines

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"sync/atomic"
	"syscall"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/etcfiles/etcfiles/integration/internal/suite"
	"github.com/etcfiles/etcfiles/integration/internal/worlds"
)

// here is this directory, as the directories of tests have it.
const here = "../internal/machines"

// Repository is the root of the repository, as the directories of tests have it.
const Repository = "../.."

// Commands are those that must be installed for a machine, and for what the scripts in bin do there.
var Commands = []string{"make", "dpkg", "rpm", "runc", "busybox", "wget", "ip", "iptables", "nsenter", "systemctl"}

var started atomic.Int32

// Start starts a machine that ends with the script, and sees $WORK, the repository and the directories. The scripts in bin, and in
// testdata/bin of the test, are commands, on this machine: `machine COMMAND...` runs one there. It returns the path by which this process
// finds the files of the machine.
func Start(env *testscript.Env, seen ...string) (root string, err error) {
	source, err := filepath.Abs(Repository)
	if err != nil {
		return "", err
	}
	path := os.Getenv("PATH")
	for _, dir := range []string{filepath.Join(here, "bin"), "testdata/bin"} {
		if dir, err = filepath.Abs(dir); err != nil {
			return "", err
		}
		path = dir + ":" + path
	}
	places, err := findGo()
	if err != nil {
		return "", err
	}
	pid, cgroup, err := boot(env, append(seen, source, places["GOCACHE"], places["GOMODCACHE"])...)
	if err != nil {
		return "", err
	}
	for name, value := range places {
		env.Setenv(name, value)
	}
	for name, value := range map[string]string{
		"MACHINE": strconv.Itoa(pid), "CGROUP": cgroup, "PATH": path, "REPOSITORY": source, "PROGRAMS": ".build/" + runtime.GOARCH,
	} {
		env.Setenv(name, value)
	}
	return fmt.Sprintf("/proc/%d/root", pid), nil
}

// findGo returns where Go, its cache and its modules are: `make install` builds what it needs.
func findGo() (map[string]string, error) {
	out, err := exec.Command("go", "env", "-json", "GOROOT", "GOCACHE", "GOMODCACHE").Output()
	if err != nil {
		return nil, err
	}
	var places map[string]string
	return places, json.Unmarshal(out, &places)
}

// boot starts the first process of a machine that sees the directories. It returns its PID, and the cgroup for the machine's containers.
func boot(env *testscript.Env, seen ...string) (pid int, cgroup string, err error) {
	plugins, err := suite.ReferencePlugins()
	if err != nil {
		return 0, "", err
	}
	dir := filepath.Join(env.WorkDir, ".machine")
	if err := os.Mkdir(dir, 0o755); err != nil {
		return 0, "", err
	}
	cmd := exec.Command(filepath.Join(here, "machine.sh"), append([]string{dir, plugins, env.WorkDir}, seen...)...)
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWPID | syscall.CLONE_NEWNET | syscall.CLONE_NEWUTS | syscall.CLONE_NEWIPC,
	}
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return 0, "", err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return 0, "", err
	}
	if err := cmd.Start(); err != nil {
		return 0, "", err
	}
	name := fmt.Sprintf("/etcfiles-machine-%d-%d", os.Getpid(), started.Add(1))
	env.Defer(func() {
		if err := errors.Join(stdin.Close(), cmd.Wait(), worlds.RemoveCgroups(name)); err != nil {
			env.T().Log("machine:", err)
			env.T().FailNow()
		}
	})
	if line, err := bufio.NewReader(stdout).ReadString('\n'); line != "ready\n" {
		return 0, "", fmt.Errorf("the machine says %q: %w", line, err)
	}
	return cmd.Process.Pid, name, nil
}
