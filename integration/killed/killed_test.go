package killed

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// changing are the system calls that change a file.
var changing = []string{
	"pwrite64", "pwritev2", "write", "renameat", "unlinkat", "mkdirat", "ftruncate", "fchmod", "fchmodat", "fsync", "openat",
}

// TestKilled kills each operation before calls that change a file. Names that stay are in every live file then, and after
// the next operation every file is exact.
func TestKilled(t *testing.T) {
	var a aim
	for from, o := range operations() {
		t.Run(o.name, func(t *testing.T) {
			f := o.newFleet(t, t.TempDir())
			list := slices.DeleteFunc(o.calls(t, f, changing), func(p point) bool {
				return p.name == "openat" && !strings.Contains(p.text, "O_CREAT")
			})
			for i, p := range sample(list, 5, from) {
				a.at(t, func(n int) bool { return o.kill(t, f, p, i+n) })
				if t.Failed() {
					t.Fatalf("killed before %s: %s", p, p.text)
				}
			}
		})
	}
	a.check(t, "kill -9 before a system call of ADD, DEL or GC that changes a file",
		"no stable name was missing, every file exact after the next operation")
}

// kill kills the operation before a call. It reports whether the operation got there.
func (o operation) kill(t *testing.T, f fleet, p point, variant int) bool {
	t.Helper()
	o.prepare(t, f)
	out := o.trace(t, f, "-e", "trace="+p.name, "-e", fmt.Sprintf("inject=%s:signal=KILL:when=%d", p.name, p.number))
	f.checkStable(t, stable(), o.comers)
	o.goOn(t, f, f.left(t, o.comers), variant)
	return strings.Contains(out.log, "killed by SIGKILL")
}
