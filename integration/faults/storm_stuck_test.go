package faults

import (
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/etcfiles/etcfiles/integration/internal/fleet"
	"github.com/etcfiles/etcfiles/integration/internal/plugin"
)

// TestStuckHolder stops a process while it holds the lock. Others time out with code 11 and are told who holds it, a DEL
// is put off, and other namespaces go on. When the holder is killed, or goes on, so do all.
func TestStuckHolder(t *testing.T) {
	rounds := 2
	if *full {
		rounds = 20
	}
	dataDir := filepath.Join(t.TempDir(), "data")
	m := newModel(dataDir, nil)
	live := []fleet.Attachment{
		member("default", "a", "eth0", "lab", "10.1.0.1"),
		member("default", "b", "eth0", "lab", "10.1.0.2"),
		member("other", "a", "eth0", "lab", "10.1.0.3"),
	}
	do := func(verb string, a fleet.Attachment, extra plugin.Object) call {
		return call{verb, dataDir, noNetns, a, extra}
	}
	for _, a := range live {
		mustSucceed(t, do("ADD", a, nil))
	}
	refused, putOff := 0, 0
	for round := range rounds {
		holder, wait := stuck(t, dataDir, live[0])
		short := plugin.Object{"lockTimeout": "100ms"}
		var wg sync.WaitGroup
		for i := range 8 {
			a := member("default", fmt.Sprint("n", i), "eth0", "lab", fmt.Sprint("10.1.0.1", i))
			calls := []call{do("ADD", a, short), do("CHECK", live[0], short)}
			gc := do("GC", fleet.Attachment{Namespace: "default", Network: "lab"}, plugin.Object{"cni.dev/valid-attachments": []any{}, "lockTimeout": "100ms"})
			for _, c := range append(calls, gc) {
				refused++
				wg.Go(func() {
					r, err := c.run()
					if err != nil || r.Error.Code != codeLocked || !strings.Contains(r.Error.Msg, fmt.Sprintf("pid %d ", holder)) {
						t.Errorf("%s while pid %d holds the lock: code %d: %s %v", c.verb, holder, r.Error.Code, r.Error.Msg, err)
					}
				})
			}
		}
		wg.Go(func() {
			if r, err := do("DEL", live[1], short).run(); err != nil || r.Error.Code != 0 || !strings.Contains(r.Stderr, fmt.Sprintf("pid %d ", holder)) {
				t.Errorf("DEL while pid %d holds the lock: code %d: %s%s %v", holder, r.Error.Code, r.Error.Msg, r.Stderr, err)
			}
		})
		putOff++
		wg.Go(func() {
			if err := do("ADD", live[2], nil).succeed(); err != nil {
				t.Error(err)
			}
		})
		wg.Wait()
		signal := syscall.SIGKILL
		if round%2 == 1 {
			signal = syscall.SIGCONT
		}
		if err := syscall.Kill(holder, signal); err != nil {
			t.Fatal(err)
		}
		r, err := wait()
		if err != nil || r.Killed() != (signal == syscall.SIGKILL) || r.Error.Code != 0 {
			t.Fatalf("the holder: %+v %v", r, err)
		}
		mustSucceed(t, do("ADD", live[0], nil))
		if err := m.exact([]fleet.Attachment{live[0], live[2]}, nil); err != nil {
			t.Fatal(err)
		}
		mustSucceed(t, do("ADD", live[1], nil))
		if err := m.exact(live, nil); err != nil {
			t.Fatal(err)
		}
	}
	row(t, "a process that is stopped while it holds the lock, then killed or let go on", rounds, fmt.Sprintf(
		"%d of %d ADD, CHECK and GC got code 11 and its PID, %d DEL were done by the next operation, the other namespace went on",
		refused, refused, putOff))
}

// stuck stops an ADD of the attachment while it holds the lock, and returns its PID and what waits for its end.
func stuck(t *testing.T, dataDir string, a fleet.Attachment) (int, func() (plugin.Reply, error)) {
	t.Helper()
	running := newProcesses()
	for range 500 {
		cmd := call{"ADD", dataDir, noNetns, a, nil}.command()
		wait, err := plugin.Start(cmd)
		if err != nil {
			t.Fatal(err)
		}
		running.add(cmd.Process)
		ended := make(chan struct{})
		var r plugin.Reply
		var waitErr error
		go func() {
			defer close(ended)
			r, waitErr = wait()
		}()
		whole := func() (plugin.Reply, error) {
			<-ended
			return r, waitErr
		}
		t.Cleanup(func() { _ = cmd.Process.Kill() }) // it has ended but after a failure
		for caught := false; !caught; {
			process, err := running.stopHolder(filepath.Join(dataDir, "etchosts", a.Namespace))
			if err != nil {
				t.Fatal(err)
			}
			if process != nil {
				return process.Pid, whole
			}
			select {
			case <-ended:
				caught = true
			default:
			}
		}
		if r, err := whole(); err != nil || r.Error.Code != 0 {
			t.Fatalf("ADD: %+v %v", r, err)
		}
	}
	t.Fatal("no ADD was ever seen with the lock")
	return 0, nil
}
