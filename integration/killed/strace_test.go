package killed

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/etcfiles/etcfiles/integration/internal/straced"
)

// sample returns every stride-th of the points, or all with -full.
func sample(list []straced.Point, stride, from int) []straced.Point {
	if *full {
		return list
	}
	var out []straced.Point
	for i := from % stride; i < len(list); i += stride {
		out = append(out, list[i])
	}
	return out
}

// outcome is what became of an operation under strace.
type outcome struct {
	log            string
	stdout, stderr string
	failed         bool
}

// trace runs the operation under strace with its further arguments.
func (o operation) trace(t *testing.T, f fleet, args ...string) outcome {
	t.Helper()
	log := filepath.Join(f.netns, ".log")
	var stdout, stderr bytes.Buffer
	cmd := o.command(t, f, straced.Command(log, args...)...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	b, readErr := os.ReadFile(log)
	if readErr != nil {
		t.Fatal(readErr)
	}
	return outcome{string(b), stdout.String(), stderr.String(), err != nil}
}

// calls runs the operation undisturbed and returns its calls of the names on the files of the store.
func (o operation) calls(t *testing.T, f fleet, names []string) []straced.Point {
	t.Helper()
	var list []straced.Point
	// From the second time on there is room that is used again. A run that went on in another thread is no pattern.
	for n := 0; n < 2 || n < 10 && list[0].Thread != list[len(list)-1].Thread; n++ {
		o.prepare(t, f)
		out := o.trace(t, f, "-e", "trace="+strings.Join(names, ","))
		if out.failed || out.stderr != "" {
			t.Fatalf("%s%s", out.stdout, out.stderr)
		}
		f.checkExact(t, o.after())
		o.goOn(t, f, nil, 2)
		list = straced.Points(out.log, names, f.dataDir)
		if len(list) < 20 {
			t.Fatalf("%d calls cannot be all", len(list))
		}
	}
	return list
}

// row gives the test a row in the table of integration/torture/table.
func row(t *testing.T, injected string, times int, outcome string) {
	t.Helper()
	t.Attr("torture", fmt.Sprintf("%s | %d | %s", injected, times, outcome))
}

// tries is how often a point is tried: Go may move the work to another thread before it, and strace counts anew there.
const tries = 4

// aim counts the points that were hit and missed.
type aim struct{ hit, missed atomic.Int64 }

// at calls try until it reports a hit.
func (a *aim) at(t *testing.T, try func(n int) bool) {
	for n := range tries {
		if try(n) || t.Failed() {
			a.hit.Add(1)
			return
		}
	}
	a.missed.Add(1)
}

// check finds a test that tests nothing, and gives the test its row in the table of integration/torture/table.
func (a *aim) check(t *testing.T, injected, outcome string) {
	t.Helper()
	hit, missed := a.hit.Load(), a.missed.Load()
	t.Logf("%d of %d points were hit", hit, hit+missed)
	row(t, injected, int(hit), outcome)
	if hit < 9*missed {
		t.Error("too few")
	}
}
