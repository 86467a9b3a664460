package cli

import (
	"fmt"
	"os"
	"os/exec"
	"testing"
)

const withoutReader = "ETCFILES_TEST_WITHOUT_READER"

// TestOutliveReaders: a program whose stdout and stderr nobody reads any more goes on to its end, and a program that it starts
// ends by the signal as ever.
func TestOutliveReaders(t *testing.T) {
	if os.Getenv(withoutReader) != "" {
		OutliveReaders()
		for range 2 {
			fmt.Fprintln(os.Stderr, "nobody reads this")
			if _, err := fmt.Println("nor this"); err == nil {
				os.Exit(7)
			}
		}
		child := exec.Command("sh", "-c", "echo nobody reads this")
		child.Stdout = os.Stdout
		if err := child.Run(); err == nil || err.Error() != "signal: broken pipe" {
			os.Exit(8)
		}
		os.Exit(9)
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("/proc/self/exe", "-test.run=^TestOutliveReaders$")
	cmd.Env = append(os.Environ(), withoutReader+"=1")
	cmd.Stdout, cmd.Stderr = w, w
	if err := cmd.Run(); cmd.ProcessState.ExitCode() != 9 {
		t.Error(err)
	}
}
