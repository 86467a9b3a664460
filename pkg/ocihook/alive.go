package ocihook

import (
	"fmt"

	"github.com/etcfiles/etcfiles/pkg/ocistate"
)

// refuse returns an error if the container of the record lives, so that the new one, which has the network namespace, is
// another of the same ID: of a second runtime, or in another state directory of the same.
func (h *Hook) refuse(r *record, c *ocistate.Container, id netns) error {
	pid := r.occupant(c.Bundle, id)
	if pid == 0 {
		if u := r.liveUser(); u != nil && r.Netns != id {
			return fmt.Errorf("container %s: %s lives (pid %d) and has the network namespace that an earlier one of this ID had: "+
				"end it first, or start this one under another ID", c.ID, u.ContainerID, u.Process.PID)
		}
		return nil
	}
	if r.of(c.Bundle) { // its poststop cannot be told from the other one's
		r.Refused++
		if err := r.write(h.recordDir(r.ContainerID)); err != nil {
			return err
		}
	}
	of := ""
	if r.Bundle != "" {
		of = " of bundle " + r.Bundle
	}
	return fmt.Errorf("container %s%s lives (pid %d): end it first, or start this one under another ID", c.ID, of, pid)
}

// adopts reports whether the container of the record has ended and is started again, in the network namespace that others
// share with it: what they have there is to stay.
func (r *record) adopts(c *ocistate.Container, id netns) bool {
	return r.Netns == id && r.of(c.Bundle) && r.liveUser() != nil
}

// occupant returns the ID of a process that shows that the container of the record lives, 0 if there is none. The bundle
// and the network namespace are those of a container that is about to take its place.
func (r *record) occupant(bundle string, id netns) int {
	switch {
	case r.processLives():
		return r.Process.PID
	case r.Netns == id: // the processes in there are the new container's, too
		return 0
	case r.processKnown() && r.of(bundle): // the same container again, after its end
		return 0
	}
	used, _ := inUse() // who cannot be seen keeps nobody from starting
	return used[r.Netns]
}

// processKnown reports whether the record has a process that could be seen from here if it lived.
func (r *record) processKnown() bool {
	pids, err := pidNamespace()
	return err == nil && r.PIDNamespace == pids && r.Process.PID > 0
}

func (r *record) processLives() bool { return r.processKnown() && r.Process.alive() }

// stillLives returns an error if the process of a container that is to have stopped lives. The record, which may be nil,
// tells whether the ID has been given to another process since. A state without a status is a VM runtime's, which gives
// its hooks its own process.
func stillLives(c *ocistate.Container, r *record) error {
	p := processOf(c.Pid)
	if p.PID <= 0 || c.Status == "" || r != nil && r.processKnown() && r.Process.PID == p.PID && r.Process != p {
		return nil
	}
	return fmt.Errorf("container %s lives (pid %d): poststop is for its runtime to call, after its end: nothing is done", c.ID, p.PID)
}
