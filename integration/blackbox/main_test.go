package blackbox

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// binary is the path of the plugin under test, built once by TestMain.
var binary string

func TestMain(m *testing.M) {
	os.Exit(runTests(m))
}

func runTests(m *testing.M) int {
	if os.Geteuid() != 0 {
		fmt.Fprintln(os.Stderr, "blackbox: these tests make network namespaces and mounts: run them as root")
		return 1
	}
	dir, err := os.MkdirTemp("", "blackbox-bin-")
	if err != nil {
		fmt.Fprintln(os.Stderr, "blackbox:", err)
		return 1
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "etcfiles")
	build := exec.Command("go", "build", "-o", binary, "./plugins/meta/etcfiles")
	build.Dir = filepath.Join("..", "..")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "blackbox: build the plugin: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}
