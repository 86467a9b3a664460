package cli

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/spf13/cobra"
)

// nobody is a user who owns nothing.
const nobody = 65534

// TestAsRoot: what only root can do is not begun by others, but for the owner of the directory.
func TestAsRoot(t *testing.T) {
	if os.Geteuid() == 0 {
		// A file system may forbid others the way to the test's program, but not to itself.
		cmd := exec.Command("/proc/self/exe", "-test.run=^TestAsRoot$", "-test.v")
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
		cmd.Dir = "/"
		cmd.Env = append(os.Environ(), "TMPDIR="+publicDir(t))
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("as user %d: %v\n%s", nobody, err, out)
		}
	}
	own := t.TempDir()
	for _, c := range []struct {
		name  string
		owned func() string
		done  bool
	}{
		{"nobody's", nil, os.Geteuid() == 0},
		{"root's", func() string { return "/" }, os.Geteuid() == 0},
		{"absent", func() string { return filepath.Join(own, "absent") }, os.Geteuid() == 0},
		{"own", func() string { return own }, true},
	} {
		done := false
		root := &cobra.Command{Use: "prog"}
		sub := &cobra.Command{Use: "sub", RunE: func(*cobra.Command, []string) error { done = true; return nil }}
		AsRoot(c.owned, sub)
		root.AddCommand(sub)
		var stderr bytes.Buffer
		code := Run(Program(root, "1"), 1, []string{"sub"}, nil, &stderr, &stderr)
		want, text := OK, ""
		if !c.done {
			want, text = NotRoot, "prog: sub: user 65534 may not do this: run it as root\n"
		}
		if done != c.done || code != want || os.Geteuid() == nobody && stderr.String() != text {
			t.Errorf("%s: done %v, exit code %d, %q", c.name, done, code, stderr.String())
		}
	}
}

// publicDir is a directory for everybody.
func publicDir(t *testing.T) string {
	dir, err := os.MkdirTemp("", "cli-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	return dir
}
