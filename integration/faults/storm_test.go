package faults

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/etcfiles/etcfiles/integration/internal/fleet"
)

const (
	namespaces = 4
	networks   = 8
	looks      = 8 // exact comparisons

	readPause = 200 * time.Microsecond // leaves the processors to the operations
)

// storm is many processes at once on one data directory.
type storm struct {
	dataDir, netns string
	model          *model
	pool           *pool
	running        *processes
	slots          []*slot
	operations     int64

	gate    sync.RWMutex // exclusive for a look at everything
	begun   atomic.Int64
	killing atomic.Bool
	over    atomic.Bool
	tally   tally

	mu   sync.Mutex
	errs []error
}

// tally counts what has happened.
type tally struct {
	killed, killedHolding, timeouts, reads, forgotten atomic.Int64

	mu    sync.Mutex
	waits []time.Duration // of operations that wait as long as they may
}

func (y *tally) wait(d time.Duration) {
	y.mu.Lock()
	defer y.mu.Unlock()
	y.waits = append(y.waits, d)
}

func networkName(i int) string { return fmt.Sprintf("net%d", i) }

// TestStorm lets many processes at once attach and detach containers, check and collect garbage, while others are killed
// at any moment, the index is deleted and readers look at running containers' files. A model says what must be in every file.
func TestStorm(t *testing.T) {
	processes, operations := 40, 800
	if *full {
		processes, operations = 200, 20000
	}
	s := newStorm(t, processes, operations)
	var wg, aside sync.WaitGroup
	for i, slot := range s.slots {
		rng := rand.New(rand.NewPCG(uint64(i), 5))
		wg.Go(func() { s.fail(slot.work(rng)) })
	}
	aside.Go(func() { s.fail(s.killHolders(rand.New(rand.NewPCG(1, 6)))) })
	aside.Go(func() { s.fail(s.forget(rand.New(rand.NewPCG(3, 6)))) })
	aside.Go(func() { s.fail(s.read(rand.New(rand.NewPCG(2, 6)))) })
	wg.Wait()
	s.over.Store(true)
	aside.Wait()
	s.fail(s.look())
	if err := errors.Join(s.errs...); err != nil {
		t.Fatal(err)
	}
	s.leave(t)
	s.report(t, processes)
}

func newStorm(t *testing.T, processes, operations int) *storm {
	t.Helper()
	dir := t.TempDir()
	s := &storm{
		dataDir: filepath.Join(dir, "data"), netns: t.TempDir(), operations: int64(operations), running: newProcesses(),
		pool: &pool{free: map[[2]string][]string{}},
	}
	var stable []fleet.Attachment
	for n := range namespaces {
		ns := fmt.Sprintf("ns%d", n)
		for i := range networks {
			number := 10 + n*networks + i
			s.pool.fill(ns, networkName(i), number, processes)
			stable = append(stable, member(ns, fmt.Sprint("stable", i/2), fmt.Sprint("eth", i%2), networkName(i), fmt.Sprintf("10.%d.0.1", number)))
		}
	}
	for _, a := range stable {
		mustSucceed(t, call{verb: "ADD", dataDir: s.dataDir, netns: noNetns, Attachment: a})
	}
	s.model = newModel(s.dataDir, stable)
	for i := range processes { // two for each container
		sl := &slot{storm: s, absent: true, Attachment: fleet.Attachment{
			Namespace: fmt.Sprint("ns", i/2%namespaces), ID: fmt.Sprint("c", i/2), IfName: fmt.Sprint("eth", i%2),
		}}
		if i%2 == 0 {
			makeNetns(t, sl.netnsPath())
		}
		s.slots = append(s.slots, sl)
	}
	return s
}

// fail ends the storm after an error.
func (s *storm) fail(err error) {
	if err == nil {
		return
	}
	s.over.Store(true)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.errs = append(s.errs, err)
}

// leave takes all containers away and finds what is left.
func (s *storm) leave(t *testing.T) {
	t.Helper()
	live := slices.Clone(s.model.stable)
	for _, slot := range s.slots {
		live = append(live, slot.may...)
	}
	s.together(len(live), func(i int) {
		if err := (call{verb: "DEL", dataDir: s.dataDir, Attachment: live[i]}).succeed(); err != nil {
			t.Error(err)
		}
	})
	if err := s.model.exact(nil, nil); err != nil {
		t.Error(err)
	}
}

func (s *storm) report(t *testing.T, processes int) {
	t.Helper()
	y := &s.tally
	slices.Sort(y.waits)
	longest, median := y.waits[len(y.waits)-1], y.waits[len(y.waits)/2]
	held, killed := y.killedHolding.Load(), y.killed.Load()
	if held == 0 || killed <= held || y.timeouts.Load() == 0 || y.reads.Load() == 0 || y.forgotten.Load() == 0 {
		t.Errorf("nothing was tested: %d killed, %d of them with the lock, %d timeouts, %d reads, %d times without an index", killed, held, y.timeouts.Load(), y.reads.Load(), y.forgotten.Load())
	}
	row(t, fmt.Sprintf("ADD, DEL, CHECK and GC by %d processes at once, on %d networks in each of %d namespaces", processes, networks, namespaces),
		int(s.operations), fmt.Sprintf("every file exact at %d looks and when all had gone; %d reads of running containers' files meanwhile "+
			"missed no stable name and found no false one; the longest operation took %s, the median %s",
			looks+1, y.reads.Load(), longest.Round(time.Millisecond), median.Round(time.Millisecond)))
	row(t, "kill -9 of such a process at a random moment", int(killed-held), "the files exact after the next operation")
	row(t, "kill -9 of such a process while it holds the lock", int(held), "the same")
	row(t, "all or a part of index/<NS> deleted while such processes are at work", int(y.forgotten.Load()), "the same")
	row(t, "a lock that cannot be acquired within 1 to 50 ms", int(y.timeouts.Load()), "code 11, nothing changed")
}
