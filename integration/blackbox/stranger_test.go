package blackbox

import (
	"bufio"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// stranger is a process of a user who has nothing to do with containers. It holds locks, see flock(2).
type stranger struct {
	cmd  *exec.Cmd
	goes func() error
}

// Opens every path for reading, takes the lock of what it could open, prints that, and stays until its stdin ends.
const lockAll = `for path; do
	if { exec {fd}<"$path"; } 2>/dev/null && flock --exclusive --nonblock $fd; then echo "$path"; fi
done
echo
read`

// cmdStranger prints, without $WORK, what a process of uid 65534 from now on holds a lock on: of everything in the
// directories that it can reach.
func (w *world) cmdStranger(ts *testscript.TestScript, dirs []string) {
	for dir := w.work; dir != filepath.Clean(os.TempDir()) && dir != "/"; dir = filepath.Dir(dir) {
		info, err := os.Stat(dir)
		ts.Check(err)
		ts.Check(os.Chmod(dir, info.Mode()|0o011))
	}
	args := []string{"--reuid=65534", "--regid=65534", "--clear-groups", "bash", "-c", lockAll, "bash"}
	for _, dir := range dirs {
		ts.Check(filepath.WalkDir(ts.MkAbs(dir), func(path string, _ fs.DirEntry, err error) error {
			args = append(args, path)
			return err
		}))
	}
	cmd := exec.Command("setpriv", args...)
	stdin, err := cmd.StdinPipe()
	ts.Check(err)
	stdout, err := cmd.StdoutPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	w.stranger = &stranger{cmd, stdin.Close}
	for lines := bufio.NewReader(stdout); ; {
		line, err := lines.ReadString('\n')
		ts.Check(err)
		if line == "\n" {
			return
		}
		fmt.Fprint(ts.Stdout(), strings.TrimPrefix(line, w.work+"/"))
	}
}

func (w *world) cmdEndStranger(*testscript.TestScript, []string) { w.endStranger() }

func (w *world) endStranger() {
	if w.stranger != nil {
		_ = w.stranger.goes()
		_ = w.stranger.cmd.Wait() // bash says 1: its read had no line
		w.stranger = nil
	}
}
