package blackbox

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/etcfiles/etcfiles/integration/internal/fleet"
)

// metrics returns the values that etcfiles metrics prints, by series.
func metrics(t *testing.T, f fleet.Fleet) map[string]float64 {
	t.Helper()
	out, err := exec.Command(binary, "metrics", "--data-dir", f.DataDir).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	values := map[string]float64{}
	for line := range strings.Lines(string(out)) {
		if series, value, ok := strings.Cut(strings.TrimSpace(line), " "); ok && series != "#" {
			if values[series], err = strconv.ParseFloat(value, 64); err != nil {
				t.Fatal(err)
			}
		}
	}
	return values
}

// counted returns how many operations of a command the metrics have.
func counted(values map[string]float64, command string) int {
	return int(values[fmt.Sprintf("etcfiles_operations_total{command=%q}", command)])
}

// TestMetricsUnit runs what the systemd unit runs, in other places.
func TestMetricsUnit(t *testing.T) {
	f := newFleet(t)
	dir := t.TempDir()
	args, err := unitCommand("etcfiles-metrics.service", f.DataDir)
	if err != nil {
		t.Fatal(err)
	}
	for i := range args {
		args[i] = strings.Replace(args[i], "/var/lib/prometheus/node-exporter", dir, 1)
	}
	if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil || len(out) > 0 {
		t.Fatalf("%q: %v: %s", args, err, out)
	}
	text, err := os.ReadFile(filepath.Join(dir, "etcfiles.prom"))
	if err != nil || !strings.Contains(string(text), "etcfiles_repairs_total 0\n") {
		t.Errorf("%v:\n%s", err, text)
	}
}

// unitCommand returns what a systemd unit of etcfiles runs, with the program under test and in a data directory.
func unitCommand(unit, dataDir string) ([]string, error) {
	text, err := os.ReadFile("../../plugins/meta/etcfiles/" + unit)
	_, command, _ := strings.Cut(string(text), "\nExecStart=")
	command, _, _ = strings.Cut(command, "\n")
	args := strings.Fields(strings.Replace(command, "/usr/local/bin/etcfiles", binary, 1))
	return append(args, "--data-dir", dataDir), err
}

// TestCountsOfManyProcesses: 50 processes at once, and 400 altogether, are counted exactly, while others read.
func TestCountsOfManyProcesses(t *testing.T) {
	const workers, turns = 50, 4
	ids := make([]string, workers)
	for i := range ids {
		ids[i] = containerID(i)
	}
	f := newFleet(t, ids...)
	metrics(t, f)
	var wg sync.WaitGroup
	start := time.Now()
	for i, id := range ids {
		wg.Go(func() {
			a := fleet.On(id, "eth0", "lab", fmt.Sprintf("10.4.10.%d", 2+i))
			for range turns {
				for _, command := range []string{"ADD", "DEL"} {
					if err := f.Run(command, a); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	reads := 0
	for range 20 {
		if n := counted(metrics(t, f), "ADD"); n < reads {
			t.Errorf("%d ADDs, after %d", n, reads)
		} else {
			reads = n
		}
	}
	wg.Wait()
	took := time.Since(start)
	got := metrics(t, f)
	for series, want := range map[string]float64{
		`etcfiles_operations_total{command="ADD"}`: workers * turns, `etcfiles_operations_total{command="DEL"}`: workers * turns,
		`etcfiles_warnings_total`: 0, `etcfiles_repairs_total`: 0, `etcfiles_pruned_total`: 0,
		`etcfiles_containers{namespace="default"}`: 0,
	} {
		if n, ok := got[series]; !ok || n != want {
			t.Errorf("%s is %v, want %v", series, n, want)
		}
	}
	seconds := got[`etcfiles_operation_seconds_total{command="ADD"}`] + got[`etcfiles_operation_seconds_total{command="DEL"}`]
	wait := got[`etcfiles_lock_wait_seconds_total`]
	if wait <= 0 || wait > seconds || seconds > workers*took.Seconds() {
		t.Errorf("%v s of operations, %v s of them for the lock, by %d workers in %v", seconds, wait, workers, took)
	}
}

// TestCountsOfKilledProcesses: a process that is killed is counted once or not at all, and spoils nothing.
func TestCountsOfKilledProcesses(t *testing.T) {
	f := newFleet(t, "web")
	a := fleet.On("web", "eth0", "lab", "10.4.10.2")
	metrics(t, f)
	const rounds = 60
	rng := rand.New(rand.NewPCG(5, 6))
	before := 0
	for range rounds {
		runKilled(t, f, "ADD", a, time.Duration(rng.Int64N(int64(9*time.Millisecond))))
		n := counted(metrics(t, f), "ADD")
		if n != before && n != before+1 {
			t.Fatalf("%d ADDs, after %d and one that was killed", n, before)
		}
		before = n
	}
	if err := f.Run("ADD", a); err != nil {
		t.Fatal(err)
	}
	if n := counted(metrics(t, f), "ADD"); n != before+1 {
		t.Errorf("%d ADDs, want %d", n, before+1)
	}
	t.Logf("%d of %d that were to be killed had come so far as to be counted", before, rounds)
}

// TestCountsOnFullDisk: counting does not begin where there is no room, and leaves nothing; what began goes on.
func TestCountsOnFullDisk(t *testing.T) {
	f := newFleet(t, "web")
	f.DataDir = mountSmall(t, 4)
	ballast := filepath.Join(f.DataDir, "ballast")
	fill := func() {
		t.Helper()
		if err := exec.Command("dd", "if=/dev/zero", "of="+ballast, "bs=4096").Run(); err == nil {
			t.Fatal("the tmpfs is never full")
		}
	}
	fill()
	out, err := exec.Command(binary, "metrics", "--data-dir", f.DataDir).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "no space left") {
		t.Errorf("without room: %v: %s", err, out)
	}
	if _, err := os.Stat(filepath.Join(f.DataDir, "counters")); err == nil {
		t.Error("a file of counters is left")
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	metrics(t, f)
	fill()
	if err := f.Run("ADD", fleet.On("web", "eth0", "lab", "10.4.10.2")); err == nil {
		t.Error("an ADD needs no room")
	}
	if n := metrics(t, f)[`etcfiles_failures_total{command="ADD",code="5"}`]; n != 1 {
		t.Errorf("%v failures with code 5, want 1", n)
	}
}
