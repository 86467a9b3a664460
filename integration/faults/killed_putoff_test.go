package faults

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/etcfiles/etcfiles/integration/internal/fleet"
	"github.com/etcfiles/etcfiles/integration/internal/plugin"
	"github.com/etcfiles/etcfiles/integration/internal/straced"
)

// TestPutOffInARace stops a DEL that could not get the lock between the directory for its note and the note, and takes the
// directory away meanwhile, as who holds the lock does when it has done what was put off; also with the unfinished note in
// it, as where nobody can tell that its writer lives. The DEL leaves its note all the same, and the next operation takes
// the names out.
func TestPutOffInARace(t *testing.T) {
	comer := fleet.On("comer", "eth0", "lab", "10.1.0.109")
	f := newFleet(t, filepath.Join(tmpfs(t, "64m"), "data"), append(stable(), comer, other))
	for _, a := range stable() {
		f.Do(t, "ADD", a)
	}
	notes := notesOf(f)
	for call, path := range map[string]string{"mkdirat": notes, "openat": notes + "/."} { // after these the note is not there yet, and there
		var a aim
		a.at(t, func(int) bool {
			f.Do(t, "ADD", comer)
			release := f.Lock(t)
			hit := stopped(t, f, call, path, comer, func() bool { return os.RemoveAll(notes) == nil })
			release()
			f.Do(t, "ADD", other)
			f.Check(t, append(stable(), other))
			f.Do(t, "DEL", other)
			return hit
		})
		if a.missed.Load() > 0 {
			t.Errorf("no DEL was stopped after %s", call)
		}
	}
}

// running is a DEL that is under strace.
type running struct {
	*os.Process
	ended chan struct{}
	reply plugin.Reply
	err   error // of its end
}

// startDel starts a DEL that cannot get the lock, under strace with a log and further arguments.
func startDel(t *testing.T, f fleet.Fleet, a fleet.Attachment, log string, args ...string) *running {
	t.Helper()
	args = append([]string{"-D"}, args...) // the child is the plugin, not strace
	c := f.Call("DEL", a, plugin.Object{"lockTimeout": "1ms"})
	c.Prefix, c.Env = straced.Command(log, args...), []string{"GOMAXPROCS=2"}
	cmd := c.Cmd(context.Background())
	wait, err := plugin.Start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	r := &running{Process: cmd.Process, ended: make(chan struct{})}
	go func() {
		defer close(r.ended)
		r.reply, r.err = wait()
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it has ended but after a failure
		<-r.ended
	})
	return r
}

// stopped runs a DEL that cannot get the lock, which must leave a note, and calls do while it is stopped after its first
// call of the name on a path that begins so. It returns what do has returned, or false if it was not stopped.
func stopped(t *testing.T, f fleet.Fleet, name, path string, a fleet.Attachment, do func() bool) (hit bool) {
	t.Helper()
	log := filepath.Join(f.Netns, ".log")
	<-startDel(t, f, a, log, "-e", "trace="+name).ended
	b, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	points := straced.Points(string(b), []string{name}, path)
	if err := errors.Join(os.RemoveAll(notesOf(f)), os.Remove(log)); err != nil || len(points) == 0 {
		t.Fatalf("no %s for a note: %v\n%s", name, err, b)
	}
	r := startDel(t, f, a, log, "-e", "trace="+name, "-e", fmt.Sprintf("inject=%s:signal=STOP:when=%d", name, points[0].Number))
	for {
		select {
		case <-r.ended:
			if r.err != nil || r.reply.Failed() || r.reply.Signal != 0 || !strings.Contains(r.reply.Stderr, "the next operation takes the names out") {
				t.Fatalf("DEL: %+v %v", r.reply, r.err)
			}
			return hit
		case <-time.After(5 * time.Millisecond):
		}
		if b, _ := os.ReadFile(log); bytes.Contains(b, []byte("stopped by SIGSTOP")) {
			hit = hit || do()
			_ = r.Signal(syscall.SIGCONT) // each time: strace counts for each thread, and another may be stopped later
		}
	}
}
