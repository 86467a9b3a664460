package ocihook

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Collected is what GC says of a container.
type Collected struct {
	CNIID       string
	Attachments []string // NETWORK/INTERFACE, that were removed
	PassedOver  error    // why nothing was, nil if it was: a hook, or a plugin of a killed one, is at work on it
}

// GC cleans up after containers that ended with no poststop hook: those whose network namespace no process has, and whose
// own process, which a VM runtime has elsewhere, has ended; also where others have ended with no poststop that shared the
// network namespace. It calls tell for each, and for each that it passes over since a hook is at work on it, and leaves those
// alone that live. The error joins what could not be cleaned.
func (h *Hook) GC(ctx context.Context, tell func(Collected)) error {
	h.freePlaces(ctx)
	names, err := h.known()
	if err != nil {
		return err
	}
	if len(names) == 0 {
		return nil
	}
	used, err := inUse()
	if err != nil {
		return err
	}
	pids, err := pidNamespace()
	if err != nil {
		return err
	}
	var failed []error
	for _, name := range names {
		if ctx.Err() != nil {
			failed = append(failed, fmt.Errorf("the rest was not looked at (%w): %w", context.Cause(ctx), ctx.Err()))
			break
		}
		if err := h.collect(ctx, name, used, pids, tell); err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", name, err))
		}
	}
	return errors.Join(failed...)
}

// collect cleans up after one container if it is dead.
func (h *Hook) collect(ctx context.Context, cniID string, used map[netns]int, pids uint64, tell func(Collected)) (err error) {
	if id, err := netnsAt(h.pinPath(cniID)); err == nil && used[id] != 0 && !h.abandoned(cniID) {
		return nil
	}
	claim, err := takeClaim(ctx, h.recordDir(cniID), 0)
	if errors.Is(err, errBusy) {
		tell(Collected{CNIID: cniID, PassedOver: err})
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, claim.release()) }()
	r, err := h.left(cniID)
	if err != nil || r == nil {
		return err
	}
	if r.PIDNamespace != 0 && r.PIDNamespace != pids {
		return errors.New("it was started from another PID namespace: run this where it was started, or end it: " + h.Command + " rm " + cniID)
	}
	// Looked at again under the claim: the container may have been started since.
	if used, err := inUse(); err != nil || used[r.Netns] != 0 && !r.abandoned() || r.Process.alive() || r.liveUser() != nil {
		return err
	}
	if err := h.detach(ctx, r); err != nil {
		return err
	}
	tell(Collected{CNIID: cniID, Attachments: r.attachments()})
	return nil
}

// abandoned reports whether the container and all that shared its network namespace have ended, whoever else is in there.
func (r *record) abandoned() bool { return r.Ended && r.liveUser() == nil }

func (h *Hook) abandoned(cniID string) bool {
	r, err := readRecord(h.recordDir(cniID))
	return err == nil && r != nil && r.abandoned()
}

// known returns the CNI IDs of all containers of which there is a record, a pin or a cached result.
func (h *Hook) known() ([]string, error) {
	var names []string
	for _, dir := range []string{filepath.Dir(h.recordDir("x")), filepath.Dir(h.pinPath("x"))} {
		entries, err := os.ReadDir(dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		for _, e := range entries {
			if !strings.HasPrefix(e.Name(), placePrefix) {
				names = append(names, e.Name())
			}
		}
	}
	cached, err := h.cached("")
	if err != nil {
		return nil, err
	}
	for _, c := range cached {
		names = append(names, c.ContainerID)
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}
