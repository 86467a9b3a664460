package suite

import (
	"os"
	"os/exec"
	"testing"

	"golang.org/x/sys/unix"
)

// MakeNetns makes a network namespace at the path, in which a command has run. The caller ends it.
func MakeNetns(t *testing.T, path string, command ...string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("unshare", append([]string{"--net=" + path}, command...)...).CombinedOutput(); err != nil {
		t.Fatalf("network namespace: %v\n%s", err, out)
	}
}

// Netns makes a network namespace at the path, in which a command has run if there is one, for the time of the test.
func Netns(t *testing.T, path string, command ...string) {
	t.Helper()
	if len(command) == 0 {
		command = []string{"true"}
	}
	MakeNetns(t, path, command...)
	t.Cleanup(func() {
		if err := unix.Unmount(path, 0); err != nil {
			t.Errorf("network namespace %s: %v", path, err)
		}
	})
}
