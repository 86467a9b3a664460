package torture

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// full makes the tests run in their full size.
var full = flag.Bool("full", false, "run the tests in their full size: minutes")

// binary is the path of the plugin under test, built once by TestMain.
var binary string

func TestMain(m *testing.M) {
	flag.Parse()
	status, err := runTests(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "torture:", err)
		status = 1
	}
	os.Exit(status)
}

func runTests(m *testing.M) (int, error) {
	if os.Geteuid() != 0 {
		return 1, errors.New("these tests make network namespaces and mounts: run them as root")
	}
	if _, err := exec.LookPath("strace"); err != nil {
		return 1, errors.New("these tests need strace: install Debian's package strace")
	}
	dir, err := os.MkdirTemp("", "torture-bin-")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "etcfiles")
	build := exec.Command("go", "build", "-o", binary, "../../plugins/meta/etcfiles")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return 1, fmt.Errorf("build the plugin: %w\n%s", err, out)
	}
	return m.Run(), nil
}

// row gives the test a row in the table that integration/torture/table prints.
func row(t *testing.T, injected string, times int, outcome string) {
	t.Helper()
	t.Attr("torture", fmt.Sprintf("%s | %d | %s", injected, times, outcome))
}
