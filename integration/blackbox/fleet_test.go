package blackbox

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/etcfiles/etcfiles/integration/internal/fleet"
)

// newFleet makes a fleet of the containers. The lock is given time, for the tests are of exactness, not speed.
func newFleet(t *testing.T, ids ...string) fleet.Fleet {
	t.Helper()
	f := fleet.New(t, binary, filepath.Join(t.TempDir(), "data"), ids...)
	f.Extra["lockTimeout"] = "50s"
	return f
}

func containerID(i int) string { return fmt.Sprintf("c%03d", i) }
