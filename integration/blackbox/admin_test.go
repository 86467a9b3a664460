package blackbox

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/etcfiles/etcfiles/integration/internal/plugin"
)

// cmdEtcfiles runs the admin tool on the data directory, unless --data-dir names another.
func (w *world) cmdEtcfiles(ts *testscript.TestScript, args []string) {
	want := 0
	if len(args) > 0 {
		if code, err := strconv.Atoi(args[0]); err == nil {
			want, args = code, args[1:]
		}
	}
	if len(args) == 0 {
		ts.Fatalf("usage: etcfiles [CODE] COMMAND [ARG...]")
	}
	w.asked = args
	if !slices.Contains(args, "--data-dir") {
		args = slices.Insert(slices.Clone(args), 1, "--data-dir", w.dataDir)
	}
	ctx, cancel := context.WithTimeout(context.Background(), plugin.Hung)
	defer cancel()
	cmd := w.outer.program(ctx, args...)
	cmd.Dir = ts.Getenv("WORK")
	cmd.Env = []string{"PATH=" + os.Getenv("PATH")}
	w.printed.Reset()
	cmd.Stdout, cmd.Stderr = io.MultiWriter(ts.Stdout(), &w.printed), io.MultiWriter(ts.Stderr(), &w.printed)
	start := time.Now()
	err := cmd.Run()
	w.took = time.Since(start)
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || !exit.Exited()) {
		ts.Fatalf("etcfiles %q: %v", args, err)
	}
	if code := cmd.ProcessState.ExitCode(); code != want {
		ts.Fatalf("etcfiles %q: exit code %d, want %d", args, code, want)
	}
}

// cmdMTimes remembers when the files were written, and under which inode.
func (w *world) cmdMTimes(ts *testscript.TestScript, files []string) {
	w.mtimes = map[string]os.FileInfo{}
	for _, file := range files {
		info, err := os.Lstat(filepath.Join(w.dataDir, file))
		ts.Check(err)
		w.mtimes[file] = info
	}
}

func (w *world) cmdSameMTimes(ts *testscript.TestScript, _ []string) {
	for file, before := range w.mtimes {
		now, err := os.Lstat(filepath.Join(w.dataDir, file))
		ts.Check(err)
		if !os.SameFile(before, now) || !now.ModTime().Equal(before.ModTime()) {
			ts.Fatalf("%s was written", file)
		}
	}
}

// cmdDamaged says that a script leaves the store damaged.
func (w *world) cmdDamaged(*testscript.TestScript, []string) { w.damaged = true }

// checkStore fails the test if the admin tool finds a fault in what a script has left.
func (w *world) checkStore(t testscript.T) {
	if _, err := os.Stat(w.dataDir); err != nil || w.damaged {
		return
	}
	w.unlockAll()
	if out, err := exec.Command(binary, "check", "--data-dir", w.dataDir).CombinedOutput(); err != nil && !bytes.Contains(out, []byte("does not exist")) {
		t.Fatal("etcfiles check after the last line of the script: ", err, "\n", string(out))
	}
}
