package blackbox

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"
)

// byHand returns a run of the program by hand on the script's data directory.
func (w *world) byHand(ctx context.Context, ts *testscript.TestScript, args []string) *exec.Cmd {
	for i := range args {
		args[i] = strings.ReplaceAll(args[i], "$DATA", w.dataDir)
	}
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Dir = ts.Getenv("WORK")
	cmd.Env = []string{"PATH=" + os.Getenv("PATH")}
	return cmd
}

// watching is an "etcfiles watch" that runs.
type watching struct {
	cmd *exec.Cmd
	out *lockedBuffer
}

// lockedBuffer may be read while a process writes.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func (l *lockedBuffer) Reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.b.Reset()
}

// startWatch returns when the process waits for changes.
func startWatch(cmd *exec.Cmd) (*watching, error) {
	r := &watching{cmd, &lockedBuffer{}}
	cmd.Stdout, cmd.Stderr = r.out, r.out
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	// It has looked at what is there when all its threads sleep, several times on end.
	asleep := 0
	return r, within(10*time.Second, func() bool {
		if !anyFile(cmd, "fdinfo/*", "inotify wd:") || anyFile(cmd, "task/*/stat", ") R ") || anyFile(cmd, "task/*/stat", ") D ") {
			asleep = 0
			return false
		}
		asleep++
		return asleep == 5
	})
}

// anyFile reports whether a file of proc(5) about the process has the text.
func anyFile(cmd *exec.Cmd, pattern, text string) bool {
	paths, _ := filepath.Glob(fmt.Sprintf("/proc/%d/%s", cmd.Process.Pid, pattern))
	return slices.ContainsFunc(paths, func(path string) bool {
		b, err := os.ReadFile(path)
		return err == nil && strings.Contains(string(b), text)
	})
}

// stop ends it by a signal, and wants exit code 0.
func (r *watching) stop(signal os.Signal) error {
	if err := r.cmd.Process.Signal(signal); err != nil {
		return err
	}
	if err := r.cmd.Wait(); err != nil {
		return fmt.Errorf("watch: %w\n%s", err, r.out)
	}
	return nil
}

func within(limit time.Duration, done func() bool) error {
	for end := time.Now().Add(limit); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if done() {
			return nil
		}
	}
	return errors.New("not in time")
}

func (w *world) cmdWatch(ts *testscript.TestScript, args []string) {
	if w.watch != nil {
		ts.Fatalf("there is a watch already")
	}
	r, err := startWatch(w.byHand(context.Background(), ts, append([]string{"watch", "--data-dir", w.dataDir}, args...)))
	w.watch = r
	ts.Check(err)
}

var timeInLine = regexp.MustCompile(`\b20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ`)

func (w *world) cmdWatching(ts *testscript.TestScript, args []string) {
	lines, err := strconv.Atoi(args[0])
	ts.Check(err)
	if within(10*time.Second, func() bool { return strings.Count(w.watch.out.String(), "\n") >= lines }) != nil {
		ts.Fatalf("less than %d lines:\n%s", lines, w.watch.out)
	}
}

func (w *world) cmdWatched(ts *testscript.TestScript, args []string) {
	w.cmdWatching(ts, args)
	r := w.watch
	w.watch = nil
	ts.Check(r.stop(unix.SIGINT))
	fmt.Fprint(ts.Stdout(), timeInLine.ReplaceAllString(r.out.String(), "TIME"))
}

// cmdProcess is described at TestScripts.
func (w *world) cmdProcess(ts *testscript.TestScript, args []string) {
	root, command := "", "exec sleep 1000"
	script := "set -e\nmount --make-rprivate /\n"
	if len(args) > 0 && args[0] == "-root" {
		root, args = ts.MkAbs("root"), args[1:]
		script += "mkdir -p " + root + " && mount -t tmpfs tmpfs " + root + " && mkdir " + root + "/etc && touch " + root + "/etc/hosts\n" +
			"for dir in usr bin lib lib64; do if [ -L /$dir ]; then cp -a /$dir " + root + "; elif [ -d /$dir ]; then mkdir " + root + "/$dir && mount --bind /$dir " + root + "/$dir; fi; done\n"
		command = "exec chroot " + root + " sleep 1000"
	}
	if len(args)%2 == 0 {
		ts.Fatalf("usage: process [-root] NAME [FILE TARGET]...")
	}
	for i := 1; i < len(args); i += 2 {
		file := args[i]
		if place, ok := strings.CutPrefix(file, "hosts:"); ok {
			file = placeOf(w.dataDir, place).hosts()
		}
		script += fmt.Sprintf("mount --bind %s %s\n", ts.MkAbs(file), root+args[i+1])
	}
	cmd := exec.Command("nsenter", "--net="+w.netns(args[0]), "unshare", "-m", "sh", "-c", script+command)
	var stderr lockedBuffer
	cmd.Stderr = &stderr
	ts.Check(cmd.Start())
	w.processes = append(w.processes, cmd)
	if within(10*time.Second, func() bool {
		comm, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", cmd.Process.Pid))
		return string(comm) == "sleep\n"
	}) != nil {
		ts.Fatalf("process in %s: %s", args[0], stderr.String())
	}
	fmt.Fprintln(ts.Stdout(), cmd.Process.Pid)
}

// cmdUnit runs the command of a unit as systemd would.
func (w *world) cmdUnit(ts *testscript.TestScript, args []string) {
	command, err := unitCommand(args[0], w.dataDir)
	ts.Check(err)
	out, err := exec.Command(command[0], command[1:]...).CombinedOutput()
	fmt.Fprintf(ts.Stdout(), "%s", out)
	ts.Check(err)
}

// cmdHang starts processes whose /etc is a FUSE file system, see fuse(4), that nobody serves, each in a mount namespace of its own.
func (w *world) cmdHang(ts *testscript.TestScript, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: hang NAME COUNT")
	}
	count, err := strconv.Atoi(args[1])
	ts.Check(err)
	const script = `set -e
mount --make-rprivate /
exec 9<>/dev/fuse
mount -i -n -t fuse -o fd=9,rootmode=40000,user_id=0,group_id=0 hang /etc
read x`
	for range count {
		cmd := exec.Command("nsenter", "--net="+w.netns(args[0]), "unshare", "-m", "sh", "-c", script)
		_, err := cmd.StdinPipe()
		ts.Check(err)
		ts.Check(cmd.Start())
		w.processes = append(w.processes, cmd)
		if within(10*time.Second, func() bool {
			mounts, _ := os.ReadFile(fmt.Sprintf("/proc/%d/mounts", cmd.Process.Pid))
			return strings.Contains(string(mounts), "\nhang /etc fuse ")
		}) != nil {
			ts.Fatalf("no FUSE file system in %s", args[0])
		}
	}
}

func (w *world) cmdEndProcesses(*testscript.TestScript, []string) { w.endProcesses() }

func (w *world) endProcesses() {
	for _, cmd := range w.processes {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
	w.processes = nil
	if w.watch != nil {
		_ = w.watch.cmd.Process.Kill()
		_ = w.watch.cmd.Wait()
		w.watch = nil
	}
}
