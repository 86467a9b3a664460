package faults

import (
	"flag"
	"fmt"
	"os"
	"testing"

	"github.com/etcfiles/etcfiles/integration/internal/suite"
)

// full makes the tests run in their full size.
var full = flag.Bool("full", false, "run the tests in their full size, with every system call and not a sample of them: minutes")

// binary is the path of the plugin under test, built once by TestMain.
var binary string

func TestMain(m *testing.M) { os.Exit(suite.Run(m, "faults", &binary, "strace", "chattr")) }

// row gives the test a row in the table that integration/faults/table prints.
func row(t *testing.T, injected string, times int, outcome string) {
	t.Helper()
	t.Attr("torture", fmt.Sprintf("%s | %d | %s", injected, times, outcome))
}
