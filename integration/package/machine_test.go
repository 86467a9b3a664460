package packages

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
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/etcfiles/etcfiles/integration/internal/suite"
	"github.com/etcfiles/etcfiles/integration/internal/worlds"
)

// TestScripts runs the stories in testdata, each on a machine of its own, which sees $WORK and $OLDER and $NEWER, the directories of the
// packages of two versions; the programs are in $PROGRAMS there. Scripts in testdata/bin are the commands, on this machine: `machine COMMAND...`
// runs one there.
func TestScripts(t *testing.T) {
	commands, err := filepath.Abs("testdata/bin")
	if err != nil {
		t.Fatal(err)
	}
	source, err := filepath.Abs(repository)
	if err != nil {
		t.Fatal(err)
	}
	goPlaces, err := findGo()
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:         "testdata",
		WorkdirRoot: t.TempDir(),
		Setup: func(env *testscript.Env) error {
			pid, cgroup, err := startMachine(env, source, goPlaces["GOCACHE"], goPlaces["GOMODCACHE"])
			if err != nil {
				return err
			}
			env.Setenv("MACHINE", strconv.Itoa(pid))
			env.Setenv("CGROUP", cgroup)
			env.Setenv("OLDER", filepath.Join(packages, older))
			env.Setenv("NEWER", filepath.Join(packages, newer))
			env.Setenv("PATH", commands+":"+os.Getenv("PATH"))
			env.Setenv("REPOSITORY", source)
			env.Setenv("PROGRAMS", ".build/"+runtime.GOARCH)
			for name, value := range goPlaces {
				env.Setenv(name, value)
			}
			return nil
		},
	})
}

var machines atomic.Int32

// findGo returns where Go, its cache and its modules are: `make install` builds what it needs.
func findGo() (map[string]string, error) {
	out, err := exec.Command("go", "env", "-json", "GOROOT", "GOCACHE", "GOMODCACHE").Output()
	if err != nil {
		return nil, err
	}
	var places map[string]string
	return places, json.Unmarshal(out, &places)
}

// startMachine starts a machine that ends with the test and sees the directories. It returns the PID of its first process, and the cgroup for its containers.
func startMachine(env *testscript.Env, seen ...string) (pid int, cgroup string, err error) {
	plugins, err := suite.ReferencePlugins()
	if err != nil {
		return 0, "", err
	}
	dir := filepath.Join(env.WorkDir, ".machine")
	if err := os.Mkdir(dir, 0o755); err != nil {
		return 0, "", err
	}
	cmd := exec.Command("testdata/machine.sh", append([]string{dir, plugins, env.WorkDir, packages}, seen...)...)
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
	name := fmt.Sprintf("/etcfiles-package-%d-%d", os.Getpid(), machines.Add(1))
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
