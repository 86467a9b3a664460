package blackbox

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/etcfiles/etcfiles/integration/internal/fleet"
)

// logLines reads a log file; every line must be whole.
func logLines(t *testing.T, path string) []string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	whole := regexp.MustCompile(`^time=\S+ level=INFO msg=(ADD|DEL) namespace=default .* lock_wait=\S+\n$`)
	for line := range strings.Lines(string(b)) {
		if !whole.MatchString(line) {
			t.Errorf("a line that is not whole: %q", line)
		}
		lines = append(lines, line)
	}
	return lines
}

// TestParallelLines: the lines of many processes at once do not mix.
func TestParallelLines(t *testing.T) {
	const n = 64
	ids := make([]string, n)
	for i := range ids {
		ids[i] = containerID(i)
	}
	f := newFleet(t, ids...)
	logFile := filepath.Join(t.TempDir(), "log")
	f.Extra["logFile"] = logFile
	var wg sync.WaitGroup
	for i, id := range ids {
		wg.Go(func() {
			a := fleet.On(id, "eth0", "lab", fmt.Sprintf("10.4.10.%d", 2+i))
			for _, command := range []string{"ADD", "DEL"} {
				if err := f.Run(command, a); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	lines := strings.Join(logLines(t, logFile), "")
	for _, id := range ids {
		for _, command := range []string{"ADD", "DEL"} {
			if strings.Count(lines, "msg="+command+" namespace=default network=lab container="+id+" ") != 1 {
				t.Errorf("not one line for %s of %s", command, id)
			}
		}
	}
}

// TestLogrotate runs logrotate with the file that is shipped between operations: nothing is lost, and the next operation
// writes into the new file.
func TestLogrotate(t *testing.T) {
	f := newFleet(t, "web", "db", "api")
	dir := t.TempDir()
	logFile := filepath.Join(dir, "etcfiles.log")
	f.Extra["logFile"] = logFile
	shipped, err := os.ReadFile("../../plugins/meta/etcfiles/etcfiles.logrotate")
	if err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(dir, "etcfiles")
	text := strings.ReplaceAll(string(shipped), "/var/log/etcfiles.log", logFile)
	if !strings.Contains(text, logFile) {
		t.Fatalf("it is not about /var/log/etcfiles.log:\n%s", shipped)
	}
	if err := os.WriteFile(config, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	rotate := func() {
		t.Helper()
		out, err := exec.Command("logrotate", "-f", "-s", filepath.Join(dir, "state"), config).CombinedOutput()
		if err != nil || len(out) > 0 {
			t.Fatalf("logrotate: %v: %s", err, out)
		}
	}
	add := func(id, addr string) {
		t.Helper()
		if err := f.Run("ADD", fleet.On(id, "eth0", "lab", addr)); err != nil {
			t.Fatal(err)
		}
	}
	holds := func(path, id string) {
		t.Helper()
		if lines := logLines(t, path); len(lines) != 1 || !strings.Contains(lines[0], "container="+id) {
			t.Errorf("%s holds %q, and should hold one line about %s", path, lines, id)
		}
	}
	rotate() // there is no log yet
	add("web", "10.4.10.2")
	rotate()
	add("db", "10.4.10.3")
	holds(logFile+".1", "web")
	holds(logFile, "db")
	if info, err := os.Stat(logFile); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("the new file: %v, %v", info, err)
	}
	rotate()
	add("api", "10.4.10.4")
	holds(logFile+".1", "db")
	holds(logFile, "api")
	if _, err := os.Stat(logFile + ".2.gz"); err != nil {
		t.Error(err)
	}
}

// mountSmall mounts a tmpfs of a few pages.
func mountSmall(t *testing.T, pages int) string {
	t.Helper()
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d", pages*os.Getpagesize())); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// TestLogOnFullDisk: what cannot be logged is a warning, and the operation is done.
func TestLogOnFullDisk(t *testing.T) {
	f := newFleet(t, "web", "db")
	dir := mountSmall(t, 1)
	logFile := filepath.Join(dir, "log")
	f.Extra["logFile"] = logFile
	a, b := fleet.On("web", "eth0", "lab", "10.4.10.2"), fleet.On("db", "eth0", "lab", "10.4.10.3")
	if err := f.Run("ADD", a); err != nil {
		t.Fatal(err)
	}
	before := logLines(t, logFile)[0]
	file, err := os.OpenFile(logFile, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = file.WriteString(strings.Repeat("\n", os.Getpagesize()-len(before)))
	if err != nil || file.Close() != nil {
		t.Fatal(err)
	}
	for _, command := range []string{"ADD", "DEL", "ADD"} {
		c := f.Call(command, b, nil)
		if err != nil {
			t.Fatal(err)
		}
		r, err := c.Succeed()
		if err != nil {
			t.Fatal(err)
		}
		if want := "etcfiles: warning: logFile: write " + logFile + ": no space left on device\n"; r.Stderr != want {
			t.Errorf("%s says %q, want %q", command, r.Stderr, want)
		}
	}
	f.Check(t, []fleet.Attachment{a, b})
	if text, err := os.ReadFile(logFile); err != nil || strings.TrimSpace(string(text)) != strings.TrimSpace(before) {
		t.Errorf("the log holds %q, %v", text, err)
	}
}
