package killed

import (
	"flag"
	"os"
	"testing"

	"github.com/etcfiles/etcfiles/integration/internal/suite"
)

// full makes the tests try every call.
var full = flag.Bool("full", false, "try every system call, not a sample of them")

// binary is the path of the plugin under test, built once by TestMain.
var binary string

func TestMain(m *testing.M) { os.Exit(suite.Run(m, "killed", &binary, "strace")) }
