package killed

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/etcfiles/etcfiles/integration/internal/straced"
)

// TestPutOffInARace stops a DEL that could not get the lock between the directory for its note and the note, and takes the
// directory away meanwhile, as who holds the lock does when it has done what was put off; also with the unfinished note in
// it, as where nobody can tell that its writer lives. The DEL leaves its note all the same, and the next operation takes
// the names out.
func TestPutOffInARace(t *testing.T) {
	comer := attachment{id: "comer", ifName: "eth0", network: "lab", addr: "10.1.0.109"}
	f := newFleet(t, filepath.Join(tmpfs(t, "64m"), "data"), append(stable(), comer, other))
	for _, a := range stable() {
		f.run(t, "ADD", a)
	}
	notes := filepath.Join(f.dataDir, "index/default/pending")
	for _, call := range []string{"unlinkat", "openat"} { // of the unfinished note: after these it is not there yet, and there
		var a aim
		a.at(t, func(int) bool {
			f.run(t, "ADD", comer)
			lock := f.lock(t)
			hit := f.stopped(t, call, notes, comer, func() bool { return os.RemoveAll(notes) == nil })
			lock.Close()
			f.run(t, "ADD", other)
			f.checkExact(t, append(stable(), other))
			f.run(t, "DEL", other)
			return hit
		})
		if a.missed.Load() > 0 {
			t.Errorf("no DEL was stopped after %s", call)
		}
	}
}

// lock takes the lock of the records.
func (f fleet) lock(t *testing.T) *os.File {
	t.Helper()
	dir, err := os.Open(f.records())
	if err == nil {
		err = syscall.Flock(int(dir.Fd()), syscall.LOCK_EX)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { dir.Close() }) // it is closed but after a failure
	return dir
}

// running is a DEL that is under strace.
type running struct {
	*exec.Cmd
	out   bytes.Buffer
	ended chan struct{}
	err   error // of its end
}

// startDel starts a DEL that cannot get the lock, under strace with a log and further arguments.
func (f fleet) startDel(t *testing.T, a attachment, log string, args ...string) *running {
	t.Helper()
	args = append([]string{"-D"}, args...) // the child is the plugin, not strace
	cmd, err := f.command("DEL", a, object{"lockTimeout": "1ms"}, straced.Command(log, args...)...)
	if err != nil {
		t.Fatal(err)
	}
	r := &running{Cmd: cmd, ended: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = &r.out, &r.out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(r.ended)
		r.err = cmd.Wait()
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it has ended but after a failure
		<-r.ended
	})
	return r
}

// stopped runs a DEL that cannot get the lock, which must leave a note, and calls do while it is stopped after its first
// call of the name on a file in the directory of the notes. It returns what do has returned, or false if it was not stopped.
func (f fleet) stopped(t *testing.T, name, notes string, a attachment, do func() bool) (hit bool) {
	t.Helper()
	log := filepath.Join(f.netns, ".log")
	<-f.startDel(t, a, log, "-e", "trace="+name).ended
	b, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	points := straced.Points(string(b), []string{name}, notes+"/.")
	if err := errors.Join(os.RemoveAll(notes), os.Remove(log)); err != nil || len(points) == 0 {
		t.Fatalf("no %s for a note: %v\n%s", name, err, b)
	}
	r := f.startDel(t, a, log, "-e", "trace="+name, "-e", fmt.Sprintf("inject=%s:signal=STOP:when=%d", name, points[0].Number))
	for {
		select {
		case <-r.ended:
			if r.err != nil || !strings.Contains(r.out.String(), "the next operation takes the names out") {
				t.Fatalf("DEL: %v\n%s", r.err, &r.out)
			}
			return hit
		case <-time.After(5 * time.Millisecond):
		}
		if b, _ := os.ReadFile(log); bytes.Contains(b, []byte("stopped by SIGSTOP")) {
			hit = hit || do()
			_ = r.Process.Signal(syscall.SIGCONT) // each time: strace counts for each thread, and another may be stopped later
		}
	}
}
