package faults

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/etcfiles/etcfiles/integration/internal/fleet"
)

// killHolders kills processes that hold the lock, one now and then.
func (s *storm) killHolders(rng *rand.Rand) error {
	next := int64(0)
	for !s.over.Load() {
		time.Sleep(time.Duration(rng.Int64N(int64(2 * time.Millisecond)))) // at any moment
		if n := s.begun.Load(); !s.killing.Load() || n < next {
			continue
		}
		process, err := s.running.stopHolder(filepath.Join(s.dataDir, "etchosts", fmt.Sprint("ns", rng.IntN(namespaces))))
		if err != nil {
			return err
		}
		if process == nil {
			continue
		}
		if err := process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
			return err
		}
		s.tally.killedHolding.Add(1)
		next = s.begun.Load() + rng.Int64N(8)
	}
	return nil
}

// forget deletes the caches of a namespace, all or the index only, now and then and whoever is at work in it.
func (s *storm) forget(rng *rand.Rand) error {
	for !s.over.Load() {
		time.Sleep(time.Duration(rng.Int64N(int64(400 * time.Millisecond))))
		if !s.killing.Load() { // until then nobody has anything to warn of
			continue
		}
		path := s.model.path("index", fmt.Sprint("ns", rng.IntN(namespaces)))
		if rng.IntN(2) == 0 {
			path = filepath.Join(path, "index")
		}
		s.gate.RLock() // a look at everything wants the index, too
		err := os.RemoveAll(path)
		s.gate.RUnlock()
		if err != nil && !errors.Is(err, unix.ENOTEMPTY) { // somebody has made a file meanwhile
			return err
		}
		s.tally.forgotten.Add(1)
	}
	return nil
}

// read looks at the files of stable containers while all goes on.
func (s *storm) read(rng *rand.Rand) error {
	for !s.over.Load() {
		a := s.model.stable[rng.IntN(len(s.model.stable))]
		if err := s.model.look(a.Namespace, a.ID); err != nil {
			return err
		}
		s.tally.reads.Add(1)
		time.Sleep(readPause)
	}
	return nil
}

// look waits until no process runs, lets one operation on each namespace repair what the killed have left, and compares
// every file with what must be in it. Then CHECK finds nothing either.
func (s *storm) look() error {
	s.gate.Lock()
	defer s.gate.Unlock()
	for n := range namespaces {
		nobody := fleet.Attachment{Namespace: fmt.Sprint("ns", n), ID: "nobody", IfName: "eth0", Network: "none"}
		if err := (call{verb: "DEL", dataDir: s.dataDir, Attachment: nobody}).succeed(); err != nil {
			return err
		}
	}
	live := slices.Clone(s.model.stable)
	var halfway []string
	for _, slot := range s.slots {
		if err := slot.read(); err != nil {
			return err
		}
		live = append(live, slot.may...)
		if slot.halfway {
			halfway = append(halfway, filepath.Join("containers", slot.Namespace, slot.ID))
		}
	}
	if err := s.model.exact(live, halfway); err != nil {
		return err
	}
	var checks []*slot
	for i, slot := range s.slots {
		if slot.on() && !slot.halfway && (*full || i%4 == 0) {
			checks = append(checks, slot)
		}
	}
	errs := make([]error, len(checks))
	s.together(len(checks), func(i int) {
		errs[i] = call{verb: "CHECK", dataDir: s.dataDir, netns: checks[i].netnsPath(), Attachment: checks[i].may[0]}.succeed()
	})
	return errors.Join(errs...)
}

// together calls do for 0 to n-1 from some goroutines.
func (s *storm) together(n int, do func(i int)) {
	var wg sync.WaitGroup
	var next atomic.Int64
	for range 8 {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				do(i)
			}
		})
	}
	wg.Wait()
}
