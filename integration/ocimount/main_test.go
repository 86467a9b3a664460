package ocimount

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// hook is the path of the program under test, built once by TestMain.
var hook string

func TestMain(m *testing.M) {
	os.Exit(runTests(m))
}

func runTests(m *testing.M) int {
	if os.Geteuid() != 0 {
		fmt.Fprintln(os.Stderr, "ocimount: these tests run containers: run them as root")
		return 1
	}
	dir, err := os.MkdirTemp("", "ocimount-bin-")
	if err != nil {
		fmt.Fprintln(os.Stderr, "ocimount:", err)
		return 1
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o755); err != nil { // the hook of a user-namespaced container runs as another user
		fmt.Fprintln(os.Stderr, "ocimount:", err)
		return 1
	}
	hook = filepath.Join(dir, "etcfiles-mount")
	build := exec.Command("go", "build", "-ldflags", "-X main.version=v1.2.3", "-o", hook, "./plugins/hook/etcfiles-mount")
	build.Dir = filepath.Join("..", "..")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "ocimount: build the hook: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}
