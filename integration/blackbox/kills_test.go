package blackbox

import (
	"testing"

	"github.com/etcfiles/etcfiles/integration/internal/straced"
)

// eachKill has an operation killed before every call that changes a file, one after another, at least that often. kill runs the
// operation once, looks at what the kill has left, and reports whether it came to one. The first failure ends it.
func eachKill(t *testing.T, least int, kill func(p straced.Point) bool) {
	t.Helper()
	kills := 0
	for _, name := range []string{"write", "pwrite64", "ftruncate", "fsync", "renameat", "unlinkat"} {
		for n, missed := 1, 0; missed < 2; n++ { // the calls are counted for each thread
			if !kill(straced.Point{Name: name, Number: n}) {
				missed++
				continue
			}
			kills++
			if t.Failed() {
				return
			}
		}
	}
	t.Logf("%d kills", kills)
	if kills < least {
		t.Errorf("only %d kills", kills)
	}
}
