package faults

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/etcfiles/etcfiles/integration/internal/fleet"
	"github.com/etcfiles/etcfiles/integration/internal/straced"
)

// TestKilled kills each operation before calls that change a file. Names that stay are in every live file then, and after
// the next operation every file is exact.
func TestKilled(t *testing.T) {
	var a aim
	each(t, func(t *testing.T, from int, o operation) {
		f := o.newFleet(t, filepath.Join(tmpfs(t, "64m"), "data"))
		list := straced.Changes(o.calls(t, f, straced.Changing))
		for i, p := range sample(list, 8, from) {
			a.at(t, func(n int) bool { return o.kill(t, f, p, i+n) })
			if t.Failed() {
				t.Fatalf("killed before %s: %s", p, p.Text)
			}
		}
	})
	a.check(t, fmt.Sprintf("kill -9 before a system call of ADD, DEL or GC that changes a file, among %d containers on two networks", len(stable())),
		"no stable name was missing, every file exact after the next operation")
}

// kill kills the operation before a call. It reports whether the operation got there.
func (o operation) kill(t *testing.T, f fleet.Fleet, p straced.Point, variant int) bool {
	t.Helper()
	o.prepare(t, f)
	out := o.trace(t, f, p.Kill()...)
	f.CheckStable(t, o.staying(), o.comers)
	o.goOn(t, f, leftOf(t, f, o.comers), variant)
	return straced.Killed(out.log)
}
