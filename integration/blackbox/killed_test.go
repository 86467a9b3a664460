package blackbox

import (
	"context"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/etcfiles/etcfiles/integration/internal/fleet"
)

// TestKilled kills the plugin at any moment of its work, then lets the runtime take the container away, as it does after
// a failed ADD. A reader sees the stable names all the while; what the killed have left is repaired by the next operation.
func TestKilled(t *testing.T) {
	const rounds = 250
	f, w := churnFleet(t)
	var stop atomic.Bool
	var wg sync.WaitGroup
	r := &reader{}
	wg.Go(func() { r.loop(placeOf(f.DataDir, containerID(0)).hosts(), w, 0, &stop) })
	rng := rand.New(rand.NewPCG(3, 4))
	killed := 0
	for round := range rounds {
		a := comer(round%comers, round)
		command := "ADD"
		if round%2 == 1 {
			command = "DEL"
			if err := f.Run("ADD", a); err != nil {
				t.Fatal(err)
			}
		}
		if runKilled(t, f, command, a, time.Duration(rng.Int64N(int64(12*time.Millisecond)))) {
			killed++
		}
		if err := f.Run("DEL", a); err != nil {
			t.Fatal(err)
		}
		checkGone(t, f, a.ID)
	}
	stop.Store(true)
	wg.Wait()
	t.Logf("%d of %d were killed at work; %d reads", killed, rounds, r.reads)
	if r.bad > 0 {
		t.Errorf("%d of %d reads were wrong; the first: %v\n%s", r.bad, r.reads, r.first, r.text)
	}
	f.Check(t, stableAttachments())
}

// checkGone finds files of a container.
func checkGone(t *testing.T, f fleet.Fleet, id string) {
	t.Helper()
	p := placeOf(f.DataDir, id)
	for _, dir := range []string{filepath.Dir(p.hosts()), filepath.Dir(p.own("hostname"))} {
		left, err := takeSnapshot(dir)
		if err != nil {
			t.Error(err)
		}
		for path := range left {
			t.Errorf("%s is left after the DEL", strings.TrimPrefix(path, f.DataDir))
		}
	}
}

// runKilled starts the plugin and kills it after a time. It reports whether the plugin was still at work.
func runKilled(t *testing.T, f fleet.Fleet, command string, a fleet.Attachment, after time.Duration) bool {
	t.Helper()
	cmd := f.Call(command, a, nil).Cmd(context.Background())
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(after)
	_ = cmd.Process.Kill()   // it may have ended by itself
	return cmd.Wait() != nil // killed
}
