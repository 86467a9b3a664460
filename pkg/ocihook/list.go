package ocihook

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
)

// errUnknown says that nothing is recorded of a container.
var errUnknown = errors.New("nothing is recorded of this container")

// Recorded is what is recorded of a container.
type Recorded struct {
	CNIID       string
	Bundle      string   // empty if it is not known
	PID         int      // of a process that lives, the container's own or one of its network namespace; 0 if none does
	Attachments []string // NETWORK/INTERFACE
	Failure     string   // why the last DEL failed; empty if none did
}

// List returns what is recorded of containers, in the order of their CNI IDs.
func (h *Hook) List() ([]Recorded, error) {
	names, err := h.known()
	if err != nil {
		return nil, err
	}
	used, _ := inUse() // of those who can be seen
	var out []Recorded
	for _, name := range names {
		r, err := h.left(name)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if r != nil { // else it has gone since
			out = append(out, Recorded{name, r.Bundle, r.livesAs(used), r.attachments(), r.Failure})
		}
	}
	return out, nil
}

// IDs returns the CNI IDs of the containers that something is recorded of, for the completion of a command line.
func (h *Hook) IDs() []string {
	names, _ := h.known()
	// What the hook itself makes of IDs: no other text is offered to a shell. Not at start-up, which every container waits for.
	cniID := regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]*$`)
	return slices.DeleteFunc(names, func(name string) bool { return !cniID.MatchString(name) })
}

func (r *record) livesAs(used map[netns]int) int {
	if r.processLives() {
		return r.Process.PID
	}
	if u := r.liveUser(); u != nil {
		return u.Process.PID
	}
	return used[r.Netns]
}

// Remove ends what is recorded of a container whatever fails: it runs DEL of every plugin, lets the pin go and drops the
// record. It returns the attachments that there were, and of each plugin that could not free what it has made an error.
// A container whose process lives is refused. The error is errUnknown if there is nothing to end.
func (h *Hook) Remove(ctx context.Context, id string) (removed []string, kept []error, err error) {
	names, err := h.known()
	if err != nil {
		return nil, nil, err
	}
	if !slices.Contains(names, id) {
		return nil, nil, fmt.Errorf("%s: %w: %s ls shows what is", id, errUnknown, h.Command)
	}
	claim, err := takeClaim(ctx, h.recordDir(id), lockTimeout)
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, claim.release()) }()
	r, err := h.left(id)
	if err != nil || r == nil {
		return nil, nil, err
	}
	if pid := r.occupant(r.Bundle, netns{}); pid != 0 {
		return nil, nil, fmt.Errorf("%s lives (pid %d): have its runtime end it first", id, pid)
	}
	if u := r.liveUser(); u != nil {
		return nil, nil, fmt.Errorf("%s shares its network namespace with %s, which lives (pid %d): have its runtime end that first", id, u.ContainerID, u.Process.PID)
	}
	kept = h.undo(ctx, r, true)
	return r.attachments(), kept, h.forget(r)
}
