package blackbox

import (
	"bytes"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TestKilled kills the plugin at any moment of its work, then lets the runtime take the container away, as it does after
// a failed ADD. A reader sees the stable names all the while; what the killed have left is repaired by the next operation.
func TestKilled(t *testing.T) {
	const rounds = 250
	f, w := churnFleet(t)
	var stop atomic.Bool
	var wg sync.WaitGroup
	r := &reader{}
	wg.Go(func() { r.loop(placeOf(f.dataDir, containerID(0)).hosts(), w, 0, &stop) })
	rng := rand.New(rand.NewPCG(3, 4))
	killed := 0
	for round := range rounds {
		a := comer(round%comers, round)
		command := "ADD"
		if round%2 == 1 {
			command = "DEL"
			if err := f.run("ADD", a); err != nil {
				t.Fatal(err)
			}
		}
		if f.runKilled(t, command, a, time.Duration(rng.Int64N(int64(12*time.Millisecond)))) {
			killed++
		}
		if err := f.run("DEL", a); err != nil {
			t.Fatal(err)
		}
		f.checkGone(t, a.id)
	}
	stop.Store(true)
	wg.Wait()
	t.Logf("%d of %d were killed at work; %d reads", killed, rounds, r.reads)
	if r.bad > 0 {
		t.Errorf("%d of %d reads were wrong; the first: %v\n%s", r.bad, r.reads, r.first, r.text)
	}
	f.check(t, stableAttachments())
}

// checkGone finds files of a container.
func (f fleet) checkGone(t *testing.T, id string) {
	t.Helper()
	p := placeOf(f.dataDir, id)
	for _, dir := range []string{filepath.Dir(p.hosts()), filepath.Dir(p.own("hostname"))} {
		left, err := takeSnapshot(dir)
		if err != nil {
			t.Error(err)
		}
		for path := range left {
			t.Errorf("%s is left after the DEL", strings.TrimPrefix(path, f.dataDir))
		}
	}
}

// runKilled starts the plugin and kills it after a time. It reports whether the plugin was still at work.
func (f fleet) runKilled(t *testing.T, command string, a attachment, after time.Duration) bool {
	t.Helper()
	c, err := f.call(command, a)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(binary)
	cmd.Env = c.environ()
	cmd.Stdin = bytes.NewReader(c.stdin)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(after)
	_ = cmd.Process.Kill()   // it may have ended by itself
	return cmd.Wait() != nil // killed
}
