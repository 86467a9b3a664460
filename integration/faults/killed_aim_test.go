package faults

import (
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/etcfiles/etcfiles/integration/internal/fleet"
	"github.com/etcfiles/etcfiles/integration/internal/plugin"
	"github.com/etcfiles/etcfiles/integration/internal/straced"
)

// sample returns every stride-th of the points, or all with -full.
func sample(list []straced.Point, stride, from int) []straced.Point {
	if *full {
		return list
	}
	return strided(list, stride, from)
}

func strided(list []straced.Point, stride, from int) []straced.Point {
	var out []straced.Point
	for i := from % stride; i < len(list); i += stride {
		out = append(out, list[i])
	}
	return out
}

// outcome is what became of an operation that was disturbed.
type outcome struct {
	plugin.Reply
	log    string // of strace
	failed bool
	err    error // it failed without a CNI error
}

// run runs the operation behind a prefix.
func (o operation) run(t *testing.T, f fleet.Fleet, prefix ...string) outcome {
	t.Helper()
	wait, err := plugin.Start(o.command(f, prefix...))
	if err != nil {
		t.Fatal(err)
	}
	r, err := wait()
	return outcome{Reply: r, err: err, failed: err != nil || r.Failed() || r.Signal != 0}
}

// trace runs the operation under strace with its further arguments.
func (o operation) trace(t *testing.T, f fleet.Fleet, args ...string) outcome {
	t.Helper()
	log := filepath.Join(f.Netns, ".log")
	out := o.run(t, f, straced.Command(log, args...)...)
	b, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	out.log = string(b)
	return out
}

// calls runs the operation undisturbed and returns its calls of the names on the files of the store.
func (o operation) calls(t *testing.T, f fleet.Fleet, names []string) []straced.Point {
	t.Helper()
	var list []straced.Point
	// From the second time on there is room that is used again. A run that went on in another thread is no pattern.
	for n := 0; n < 2 || n < 10 && list[0].Thread != list[len(list)-1].Thread; n++ {
		o.prepare(t, f)
		out := o.trace(t, f, "-e", "trace="+strings.Join(names, ","))
		if out.failed || out.Stderr != "" {
			t.Fatalf("%s%s", out.Stdout, out.Stderr)
		}
		f.Check(t, o.after())
		o.goOn(t, f, nil, 2)
		list = straced.Points(out.log, names, f.DataDir)
		if len(list) < 20 {
			t.Fatalf("%d calls cannot be all", len(list))
		}
	}
	return list
}

// tries is how often a point is tried: Go may move the work to another thread before it, and strace counts anew there.
const tries = 8

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

// check finds a test that tests nothing, and gives the test its row in the table of integration/faults/table.
func (a *aim) check(t *testing.T, injected, outcome string) {
	t.Helper()
	hit, missed := a.hit.Load(), a.missed.Load()
	t.Logf("%d of %d points were hit", hit, hit+missed)
	row(t, injected, int(hit), outcome)
	if hit < 9*missed {
		t.Error("too few")
	}
}
