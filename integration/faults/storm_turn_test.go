package faults

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/etcfiles/etcfiles/integration/internal/fleet"
	"github.com/etcfiles/etcfiles/integration/internal/plugin"
)

// work runs operations of one slot until all of them are begun. The first quarter is without kills.
func (s *slot) work(rng *rand.Rand) error {
	for !s.over.Load() {
		n := s.begun.Add(1)
		if n > s.operations {
			return nil
		}
		if n > s.operations/4 {
			s.killing.Store(true)
		}
		if n%(s.operations/looks) == 0 {
			if err := s.look(); err != nil {
				return err
			}
		}
		s.gate.RLock()
		err := s.turn(rng)
		s.gate.RUnlock()
		if err != nil {
			return err
		}
	}
	return nil
}

// run runs one operation, with a chance that it is killed, and one that it does not wait long for the lock.
func (s *slot) run(rng *rand.Rand, verb string, a fleet.Attachment, extra plugin.Object) (r plugin.Reply, patient bool, err error) {
	patient = !s.killing.Load() || rng.IntN(10) > 0
	c := call{verb, s.dataDir, s.netnsPath(), a, plugin.Object{}}
	for key, value := range extra {
		c.extra[key] = value
	}
	if !patient {
		c.extra["lockTimeout"] = fmt.Sprintf("%dms", 1+rng.IntN(50))
	}
	cmd := c.command()
	quiet := !s.killing.Load()
	begin := time.Now()
	wait, err := plugin.Start(cmd)
	if err != nil {
		return plugin.Reply{}, patient, err
	}
	s.running.add(cmd.Process)
	if !quiet && rng.IntN(12) == 0 {
		timer := time.AfterFunc(time.Duration(rng.Int64N(int64(200*time.Millisecond))), func() { _ = cmd.Process.Kill() })
		defer timer.Stop()
	}
	r, err = wait()
	s.running.remove(cmd.Process)
	switch {
	case err != nil:
	case r.Killed():
		s.tally.killed.Add(1)
		if quiet && !s.killing.Load() {
			err = errors.New("killed by nobody")
		}
	case r.Error.Code == codeLocked && !patient:
		s.tally.timeouts.Add(1)
	case patient && r.Error.Code != codeLocked:
		s.tally.wait(time.Since(begin))
		if quiet && r.Stderr != "" {
			err = errors.New("a warning: " + r.Stderr)
		}
	}
	if err != nil {
		err = fmt.Errorf("%s %v: %w", verb, a, err)
	}
	return r, patient, err
}

// turn runs one operation of those that make sense now.
func (s *slot) turn(rng *rand.Rand) error {
	n := rng.IntN(100)
	switch {
	case s.on() && n < 25, s.off() && n < 10:
		return s.check(rng)
	case len(s.may) > 0 && n < 60:
		return s.del(rng)
	case len(s.may) > 0 && n < 75:
		return s.collect(rng)
	}
	return s.add(rng)
}

func (s *slot) add(rng *rand.Rand) error {
	a := s.Attachment
	switch {
	case len(s.may) > 0 && rng.IntN(2) == 0: // the same again
		a = s.may[rng.IntN(len(s.may))]
	case len(s.may) > 0: // another address
		a = s.may[0]
		a.Addr = s.pool.take(a.Namespace, a.Network)
	default:
		a.Network = networkName(rng.IntN(networks))
		a.Addr = s.pool.take(a.Namespace, a.Network)
	}
	before := slices.Clone(s.may)
	if err := s.come(a); err != nil {
		return err
	}
	r, patient, err := s.run(rng, "ADD", a, nil)
	switch {
	case err != nil, r.Killed():
		return err
	case r.Error.Code == codeLocked && !patient:
		if !slices.Contains(before, a) {
			s.may = before
			return s.gone([]fleet.Attachment{a})
		}
		return nil
	case r.Error.Code != 0:
		return fmt.Errorf("ADD %v: code %d: %s", a, r.Error.Code, r.Error.Msg)
	}
	return s.added(a)
}

func (s *slot) del(rng *rand.Rand) error {
	a := s.may[rng.IntN(len(s.may))]
	if rng.IntN(3) == 0 {
		a.Addr = "" // no prevResult
	}
	r, patient, err := s.run(rng, "DEL", a, nil)
	switch {
	case err != nil:
		return err
	case r.Killed():
		s.absent = true
		return nil
	case r.Error.Code != 0:
		return fmt.Errorf("DEL %v: code %d: %s", a, r.Error.Code, r.Error.Msg)
	case !patient:
		s.lingering = append(s.lingering, s.may...)
		s.may, s.absent = nil, true
		return nil
	}
	return errors.Join(s.is(nil), s.settleLingering())
}

// collect runs GC with every attachment but its own as valid.
func (s *slot) collect(rng *rand.Rand) error {
	valid := []any{}
	for _, other := range s.slots {
		if other != s && other.Namespace == s.Namespace {
			valid = append(valid, plugin.Object{"containerID": other.ID, "ifname": other.IfName})
		}
	}
	for _, a := range s.model.stable {
		valid = append(valid, plugin.Object{"containerID": a.ID, "ifname": a.IfName})
	}
	r, patient, err := s.run(rng, "GC", fleet.Attachment{Namespace: s.Namespace, Network: s.may[0].Network}, plugin.Object{"cni.dev/valid-attachments": valid})
	switch {
	case err != nil:
		return err
	case r.Killed():
		s.absent = true
		return nil
	case r.Error.Code == codeLocked && !patient:
		return nil
	case r.Error.Code != 0:
		return fmt.Errorf("GC %v: code %d: %s", s.may, r.Error.Code, r.Error.Msg)
	}
	return errors.Join(s.is(nil), s.settleLingering())
}

// check runs CHECK. What a killed process has left half-done CHECK reports until the next operation repairs it.
func (s *slot) check(rng *rand.Rand) error {
	a, want := s.Attachment, uint(codeDifferent)
	a.Network, a.Addr = networkName(0), "10.255.0.1"
	if s.on() {
		a, want = s.may[0], 0
	}
	kills := s.killing.Load()
	r, patient, err := s.run(rng, "CHECK", a, nil)
	switch {
	case err != nil || r.Killed() || r.Error.Code == want || r.Error.Code == codeLocked && !patient:
		return err
	case r.Error.Code == codeDifferent && (kills || s.killing.Load()):
		return nil
	}
	return fmt.Errorf("CHECK %v: code %d, want %d: %s", a, r.Error.Code, want, r.Error.Msg)
}
