package oci

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/etcfiles/etcfiles/integration/internal/worlds"
)

// changing are the system calls by which the hook changes something, starts a plugin, or waits for one, as strace names
// them.
var changing = []string{
	"mkdirat", "write", "renameat", "mount", "umount2", "unlinkat", "clone,clone3,vfork", "waitid",
}

// TestHookKilled kills the hook itself before each of those calls, at createRuntime and at poststop, on a container with
// two networks. When the container's process is gone too, one gc leaves nothing; so it does after the poststop that a
// runtime would call.
func TestHookKilled(t *testing.T) {
	for _, stage := range []string{"createRuntime", "poststop"} {
		t.Run(stage, func(t *testing.T) {
			w := testWorld(t, "runc")
			for _, name := range []string{"lab", "back"} {
				if err := w.addNetwork(name, false, false); err != nil {
					t.Fatal(err)
				}
			}
			kills, rounds := 0, 0
			for _, call := range changing {
				for k := 1; !t.Failed(); k++ {
					rounds++
					if !w.killHook(t, stage, call, k, rounds) {
						break
					}
					kills++
				}
			}
			t.Logf("the hook was killed %d times", kills)
			if kills < 15 {
				t.Error("so few kills cannot be all")
			}
		})
	}
}

// killHook runs the hook for a new network namespace, kills it before the k-th call of a name, and cleans up as gc does.
// It reports whether the hook got that far.
func (w *world) killHook(t *testing.T, stage, call string, k, round int) bool {
	t.Helper()
	process := w.command("unshare", "--net", "cat")
	alive, err := process.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = process.Wait() }()
	defer alive.Close()
	pid, err := w.await("cat", true)
	if err != nil {
		t.Fatal(err)
	}
	state := object{
		"ociVersion": "1.0.2", "id": "c" + strconv.Itoa(round), "bundle": w.dir, "status": "creating", "pid": pid,
		"annotations": object{"etcfiles/networks": "lab,back", "etcfiles/ports": "8080:80"},
	}
	stopped := object{"ociVersion": "1.0.2", "id": state["id"], "bundle": w.dir, "status": "stopped"}
	if stage == "poststop" {
		if _, stderr, err := w.callHookWith(state, append(w.hookFlags(), "createRuntime")...); err != nil {
			t.Fatal(stderr)
		}
		_ = alive.Close()
		_ = process.Wait()
		state = stopped
	}
	killed, text := w.underStrace(t, state, stage, call, k)
	_ = alive.Close()
	_ = process.Wait()
	if err := worlds.Poll("a plugin of the killed hook does not end", func() bool { return w.idle() }); err != nil {
		t.Fatal(err)
	}
	if round%2 == 0 { // by the runtime's poststop
		if _, stderr, err := w.callHookWith(stopped, append(w.hookFlags(), "poststop")...); err != nil || stderr != "" {
			t.Errorf("poststop: %v: %s", err, stderr)
		}
	}
	stdout, stderr, err := w.callHookWith(nil, append(w.hookFlags(), "gc")...)
	if err != nil || stderr != "" {
		t.Errorf("gc: %v: %s", err, stderr)
	}
	if err := w.left(nil); err != nil {
		t.Error(err)
	}
	if t.Failed() {
		t.Logf("the hook was killed (%v) before %s no. %d at %s; gc printed %q\n%s", killed, call, k, stage, stdout, text)
	}
	return killed
}

// underStrace runs the hook under strace, which kills it, but none of its plugins.
func (w *world) underStrace(t *testing.T, state object, stage, call string, k int) (killed bool, log string) {
	t.Helper()
	path := w.path("strace")
	stdin, err := json.Marshal(state)
	if err != nil {
		t.Fatal(err)
	}
	args := append([]string{
		"strace", "-f", "-qq", "--detach-on=execve", "-o", path, "-e", "trace=" + call,
		"-e", fmt.Sprintf("inject=%s:signal=KILL:when=%d", call, k), w.hook(),
	}, append(w.hookFlags(), stage)...)
	cmd := w.command(args...)
	cmd.Env = append(cmd.Env, "GOMAXPROCS=1")
	cmd.Stdin = bytes.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	b, readErr := os.ReadFile(path)
	if readErr != nil {
		t.Fatalf("%v: %v: %s", readErr, err, out)
	}
	killed = strings.Contains(string(b), "killed by SIGKILL")
	if !killed && err != nil {
		t.Fatalf("%s: %v: %s", stage, err, out)
	}
	return killed, string(b)
}
