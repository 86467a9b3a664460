package blackbox

import (
	"os"
	"testing"

	"github.com/etcfiles/etcfiles/integration/internal/suite"
)

// binary is the path of the plugin under test, built once by TestMain.
var binary string

func TestMain(m *testing.M) {
	os.Exit(suite.Run(m, "blackbox", &binary, "flock", "logrotate", "setpriv", "strace"))
}
