package faults

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/etcfiles/etcfiles/integration/internal/fleet"
	"github.com/etcfiles/etcfiles/integration/internal/straced"
)

// failing are the system calls that may fail, each with the errors that it is given.
var failing = map[string][]string{
	"openat":     {"EMFILE", "EIO", "ENOSPC"},
	"pwrite64":   {"ENOSPC", "EIO"},
	"pwritev2":   {"ENOSPC", "EIO"},
	"write":      {"ENOSPC", "EIO"},
	"mkdirat":    {"ENOSPC", "EIO"},
	"renameat":   {"ENOSPC", "EIO"},
	"ftruncate":  {"EIO"},
	"fchmod":     {"EIO"},
	"fchmodat":   {"EIO"},
	"fsync":      {"ENOSPC", "EIO"},
	"unlinkat":   {"EIO"},
	"flock":      {"ENOLCK"},
	"pread64":    {"EIO"},
	"read":       {"EIO"},
	"getdents64": {"EIO"},
	"newfstatat": {"EIO"},
	"fstat":      {"EIO"},
}

var errorText = map[string]string{
	"EMFILE": "too many open files", "EIO": "input/output error", "ENOSPC": "no space left on device", "ENOLCK": "no locks available",
}

// codeIO is CNI's error code for a failure of input or output.
const codeIO = 5

// TestFailed lets calls on the files of the store fail, one by one, and from one on for good. Names that stay are in
// every live file then. What was not done is reported, and what is left the next operation repairs.
func TestFailed(t *testing.T) {
	names := slices.Sorted(maps.Keys(failing))
	var a aim
	each(t, func(t *testing.T, from int, o operation) {
		f := o.newFleet(t, filepath.Join(tmpfs(t, "64m"), "data"))
		for i, p := range sample(o.calls(t, f, names), 14, from) {
			if o.grown(t, f) {
				f = o.newFleet(t, filepath.Join(tmpfs(t, "64m"), "data"))
			}
			for j, errno := range failing[p.Name] {
				for k, plus := range []string{"", "+"} {
					if !*full && (i+j+k)%3 > 0 {
						continue
					}
					a.at(t, func(n int) bool { return o.fail(t, f, p, errno, plus, i+j+k+n) })
					if t.Failed() {
						t.Fatalf("%s%s failed with %s: %s", p, plus, errno, p.Text)
					}
				}
			}
		}
	})
	a.check(t, fmt.Sprintf("EMFILE, EIO, ENOSPC or ENOLCK from a system call of ADD, DEL or GC on the store of %d containers, once or for good", len(stable())),
		"code 5 with the error's name or all done, no stable name was missing, every file exact after the next operation")
}

// grown reports whether a hosts file has come near half its bound, from which on its lines may stand twice for a while: a store of which
// thousands of operations have failed.
func (o operation) grown(t *testing.T, f fleet.Fleet) bool {
	t.Helper()
	return slices.ContainsFunc(o.staying(), func(a fleet.Attachment) bool {
		info, err := os.Stat(f.Hosts(a))
		if err != nil {
			t.Fatal(err)
		}
		return info.Size() > leastBound/4
	})
}

// fail lets a call fail, and with plus all later ones of its name. It reports whether that was a call on the store.
func (o operation) fail(t *testing.T, f fleet.Fleet, p straced.Point, errno, plus string, variant int) bool {
	t.Helper()
	o.prepare(t, f)
	out := o.trace(t, f, "-e", "trace="+p.Name, "-e", fmt.Sprintf("inject=%s:error=%s:when=%d%s", p.Name, errno, p.Number, plus))
	f.CheckStable(t, stable(), o.comers)
	left := leftOf(t, f, o.comers)
	hits, others := 0, 0
	for l := range strings.Lines(out.log) {
		switch {
		case !strings.Contains(l, "(INJECTED)"):
		case strings.Contains(l, f.DataDir):
			hits++
		default:
			others++
		}
	}
	if hits > 0 && others == 0 {
		if out.failed && o.verb == "ADD" && hits == 1 && len(left) > 0 {
			t.Errorf("an ADD that failed is still in the records: %s", out.Stdout)
		}
		o.checkReport(t, f, out, errno)
	}
	o.goOn(t, f, left, variant)
	if t.Failed() {
		t.Logf("%s%s%s", out.log, out.Stdout, out.Stderr)
	}
	return hits > 0
}

// checkReport checks what an operation says of a failure: an error or, in a DEL, a warning; or all is done nevertheless.
func (o operation) checkReport(t *testing.T, f fleet.Fleet, out outcome, errno string) {
	t.Helper()
	switch {
	case !out.failed && out.Stderr == "":
		f.Check(t, o.after())
		return
	case !out.failed:
		return
	case out.err != nil || out.Signal != 0:
		t.Errorf("no CNI error: %v\n%s%s", out.err, out.Stdout, out.Stderr)
	case out.Error.Code != codeIO || !strings.Contains(out.Error.Msg, errorText[errno]):
		t.Errorf("CNI error %d: %s", out.Error.Code, out.Error.Msg)
	}
	if o.verb == "DEL" {
		t.Errorf("a DEL failed: %s", out.Stdout)
	}
}
