package killed

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// point is one system call of an operation: the number-th of its name.
type point struct {
	thread string
	name   string
	number int
	text   string // as strace prints it
}

func (p point) String() string { return fmt.Sprintf("%s no. %d", p.name, p.number) }

var callLine = regexp.MustCompile(`^(\d+) +([a-z]\w+)\(`)

// points returns the calls of the names that strace has seen.
func points(log string, names []string) []point {
	var list []point
	numbers := map[string]int{} // strace counts for each thread
	for l := range strings.Lines(log) {
		m := callLine.FindStringSubmatch(l)
		if m == nil || !slices.Contains(names, m[2]) {
			continue
		}
		numbers[m[1]+m[2]]++
		list = append(list, point{m[1], m[2], numbers[m[1]+m[2]], l})
	}
	return list
}

// sample returns every stride-th of the points, or all with -full.
func sample(list []point, stride, from int) []point {
	if *full {
		return list
	}
	var out []point
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
	cmd := o.command(t, f, append([]string{"strace", "-f", "-qq", "-y", "-s", "0", "-o", log}, args...)...)
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
func (o operation) calls(t *testing.T, f fleet, names []string) []point {
	t.Helper()
	var list []point
	// From the second time on there is room that is used again. A run that went on in another thread is no pattern.
	for n := 0; n < 2 || n < 10 && list[0].thread != list[len(list)-1].thread; n++ {
		o.prepare(t, f)
		out := o.trace(t, f, "-e", "trace="+strings.Join(names, ","))
		if out.failed || out.stderr != "" {
			t.Fatalf("%s%s", out.stdout, out.stderr)
		}
		f.checkExact(t, o.after())
		o.goOn(t, f, nil, 2)
		list = slices.DeleteFunc(points(out.log, names), func(p point) bool { return !strings.Contains(p.text, f.dataDir) })
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
type aim struct{ hit, missed int }

// at calls try until it reports a hit.
func (a *aim) at(t *testing.T, try func(n int) bool) {
	for n := range tries {
		if try(n) || t.Failed() {
			a.hit++
			return
		}
	}
	a.missed++
}

// check finds a test that tests nothing, and gives the test its row in the table of integration/torture/table.
func (a *aim) check(t *testing.T, injected, outcome string) {
	t.Helper()
	t.Logf("%d of %d points were hit", a.hit, a.hit+a.missed)
	row(t, injected, a.hit, outcome)
	if a.hit < 9*a.missed {
		t.Error("too few")
	}
}
