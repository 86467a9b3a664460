package inspect

import (
	"context"
	"errors"
	"slices"

	"github.com/etcfiles/etcfiles/pkg/hostsstore"
	"github.com/etcfiles/etcfiles/pkg/safefile"
)

// Prune removes what is dead: containers of an earlier boot or without their network namespace, with their files, what
// removals and processes that were cut off have left, corrupt records that were put aside, and it does the DELs that were
// put off. It returns the findings of Audit that it has removed, or with dryRun would remove. The errors are those of
// Audit.
func (m *Inspector) Prune(ctx context.Context, namespace string, dryRun bool) ([]Finding, error) {
	list, err := m.audit(ctx, namespace, func(a *audit) error {
		if dryRun || !slices.ContainsFunc(a.findings, prunable) {
			return nil
		}
		return a.mend(ctx, true)
	}, nil)
	return slices.DeleteFunc(list, func(f Finding) bool { return !prunable(f) || (!dryRun && !f.Mended) }), err
}

// prunable reports whether Prune removes what was found.
func prunable(f Finding) bool {
	switch f.Problem {
	case RecordOldBoot, IndexOldBoot, GoneNetns, DelPending, RemoteOldBoot, LeftTemporary, LeftRemoval, LeftCorrupt, LeftKept, LeftNetworks, NetworkOrphan:
		return true
	case LeftDirectory:
		return f.Do == doAudit // the others may be a runtime's
	default:
		return false
	}
}

// mend does what the findings ask for: what no operation looks at by itself, then a repair as after an operation that was
// cut off. It looks again under the lock. With prune it removes corrupt records that were put aside too, but leaves modes and
// files alone that only repair mends.
func (a *audit) mend(ctx context.Context, prune bool) error {
	a.mended = true
	return a.Repair(ctx, a.ns.Name(), func() error {
		if err := a.look(ctx, hostsstore.FileID{}, nil); err != nil || len(a.newer) > 0 {
			return err
		}
		var errs []error
		for _, f := range a.findings {
			if !prune || prunable(f) {
				errs = append(errs, a.mendOne(&f, prune))
			}
		}
		return errors.Join(errs...)
	})
}

// mendOne mends what the repair of a namespace does not.
func (a *audit) mendOne(f *Finding, prune bool) error {
	switch f.Problem {
	case ModeWrong, OwnerWrong:
		return a.mendAccess(f.Path)
	case NetnsFileWrong:
		return a.ns.WriteNetns(a.records[f.ID])
	case InheritedWrong:
		return a.ns.WriteInherited(a.records[f.ID])
	case RemoteOldBoot:
		return a.ns.RemoveStaleRemote(a.bootID)
	case LeftTemporary:
		return safefile.Remove(f.Path)
	case LeftRemoval:
		if a.records[f.ID] != nil { // else the repair goes on with the removal
			return safefile.Remove(f.Path)
		}
	case LeftDirectory:
		if f.Do == doAudit {
			return safefile.Remove(f.Path)
		}
	case LeftKept:
		if _, ok := a.ns.Kept(f.ID); ok {
			return a.ns.ForgetKept(f.ID)
		}
	case LeftNetworks:
		if prune {
			return errors.Join(a.ns.BeginRemoval(f.ID), a.ns.FinishRemoval(f.ID, a.records[f.ID].Etcfiles.Created))
		}
	case LeftCorrupt:
		if prune && a.records[f.ID] != nil {
			return safefile.Remove(f.Path)
		}
		if prune {
			return a.ns.Sweep(f.ID)
		}
	}
	return nil
}
