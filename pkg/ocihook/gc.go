package ocihook

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// GC cleans up after containers that ended with no poststop hook: those whose network namespace no process has, and whose
// own process, which a VM runtime has elsewhere, has ended. It calls cleaned for each, with its CNI ID and what was removed,
// and leaves containers alone that live or that a hook is at work on. The error joins what could not be cleaned.
func (h *Hook) GC(ctx context.Context, cleaned func(cniID string, attachments []string)) error {
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
		if err := h.collect(ctx, name, used, pids, cleaned); err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", name, err))
		}
	}
	return errors.Join(failed...)
}

// collect cleans up after one container if it is dead.
func (h *Hook) collect(ctx context.Context, cniID string, used map[netns]int, pids uint64, cleaned func(string, []string)) (err error) {
	if id, err := netnsAt(h.pinPath(cniID)); err == nil && used[id] != 0 {
		return nil
	}
	claim, err := takeClaim(h.recordDir(cniID), 0)
	if errors.Is(err, errBusy) {
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
	if used, err := inUse(); err != nil || used[r.Netns] != 0 || r.Process.alive() {
		return err
	}
	if err := h.detach(ctx, r); err != nil {
		return err
	}
	cleaned(cniID, r.attachments())
	return nil
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
			names = append(names, e.Name())
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
