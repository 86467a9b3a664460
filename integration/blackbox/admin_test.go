package blackbox

import (
	"context"
	"os"
	"path/filepath"

	"github.com/rogpeppe/go-internal/testscript"
)

func cmdAdmin(ts *testscript.TestScript, neg bool, args []string) {
	w := worldOf(ts)
	ctx, cancel := context.WithTimeout(context.Background(), hung)
	defer cancel()
	cmd := w.outer.program(ctx, append(args, "--data-dir", w.dataDir)...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH")}
	cmd.Stdout, cmd.Stderr = ts.Stdout(), ts.Stderr()
	err := cmd.Run()
	if (err != nil) != neg {
		ts.Fatalf("etcfiles %v: %v", args, err)
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
