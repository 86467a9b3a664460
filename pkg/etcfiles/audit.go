package etcfiles

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"sync"

	"github.com/etcfiles/etcfiles/pkg/hostsstore"
)

// Audit compares every record, file and index of a namespace, or of all of them for "", with each other and with the
// network namespaces, and returns what is wrong, sorted. It looks under the lock, so that no running operation is taken
// for a fault. Without repair it writes nothing. With repair it mends what can be mended, as the next operation on the
// namespace would and also what none would look at, and looks again: what is there no more is marked as mended. The error
// is fs.ErrNotExist when there is no data directory or no such namespace, and ErrLocked.
func (m *Manager) Audit(ctx context.Context, namespace string, repair bool) ([]Finding, error) {
	return m.audit(ctx, namespace, func(a *audit) error {
		if !repair || len(a.newer) > 0 || !Faulty(a.findings) {
			return nil
		}
		return a.mend(false)
	})
}

// audit looks at each of the namespaces and lets do mend.
func (m *Manager) audit(ctx context.Context, namespace string, do func(*audit) error) ([]Finding, error) {
	namespaces, err := m.existing(namespace)
	if err != nil {
		return nil, err
	}
	var list []Finding
	var errs []error
	for _, ns := range namespaces {
		found, err := m.auditNamespace(ctx, ns, do)
		list = append(list, found...)
		if err != nil {
			errs = append(errs, fmt.Errorf("namespace %s: %w", ns, err))
		}
	}
	return list, errors.Join(errs...)
}

func (m *Manager) auditNamespace(ctx context.Context, namespace string, do func(*audit) error) ([]Finding, error) {
	m, tell := m.quiet()
	defer tell()
	a := &audit{Manager: m, ns: m.Dir.Namespace(namespace)}
	if err := a.ns.CheckDirs(); err != nil {
		return nil, err
	}
	unlock, err := a.ns.LockExisting(ctx, m.LockTimeout)
	if errors.Is(err, fs.ErrNotExist) { // no operation can be running
		unlock, err = func() error { return nil }, nil
	}
	if err != nil {
		return nil, err
	}
	a.unlock = unlock
	if a.Manager, err = m.forNamespace(a.ns); err == nil {
		err = a.look()
	}
	if err == nil {
		before := a.findings
		if err = do(a); err == nil && a.mended {
			if err = a.look(); err == nil {
				a.findings = merge(before, a.findings)
			}
		}
	}
	return a.findings, errors.Join(err, a.unlock())
}

// merge returns the findings of a second look, and those of the first that are no more as mended.
func merge(first, second []Finding) []Finding {
	out := slices.Clone(second)
	for _, f := range first {
		if !slices.Contains(second, f) {
			f.Mended = true
			out = append(out, f)
		}
	}
	slices.SortStableFunc(out, func(a, b Finding) int { return a.compare(&b) })
	return out
}

// audit is a look at one namespace, under its lock.
type audit struct {
	*Manager
	ns     *hostsstore.Namespace
	unlock func() error
	mended bool // something may have changed since the look

	bootID  string
	mntns   uint64
	entries []hostsstore.Entry
	records map[string]*hostsstore.Record // all that can be read
	stale   map[string]bool               // of an earlier boot
	index   *hostsstore.Index             // as it stands, nil if there is none for this boot
	behind  bool                          // records have come, gone or changed since the index was written
	want    *hostsstore.Index             // what it should hold
	members members                       // of want

	newer    []Finding // records that this etcfiles does not understand: what the store should be is not known
	mu       sync.Mutex
	findings []Finding
}

// found notes a finding; goroutines may call it at once.
func (a *audit) found(f Finding) {
	f.Namespace = a.ns.Name()
	if r := a.records[f.ID]; r != nil {
		f.Name = nameOf(r)
	}
	a.mu.Lock()
	a.findings = append(a.findings, f)
	a.mu.Unlock()
}

// look fills the findings, without writing anything.
func (a *audit) look() error {
	*a = audit{Manager: a.Manager, ns: a.ns, unlock: a.unlock, mended: a.mended}
	var err error
	if a.bootID, err = hostsstore.BootID(); err != nil {
		return err
	}
	a.mntns = mountNamespace()
	if a.entries, err = a.ns.Survey(); err != nil {
		return err
	}
	a.lookAtRecords()
	if len(a.newer) > 0 {
		a.findings = nil
		for _, f := range a.newer {
			a.found(f)
		}
		return nil
	}
	a.lookAtIndex()
	a.lookAtAddresses()
	a.lookAtHosts()
	a.lookAtOwnFiles()
	a.lookAtModes()
	a.lookAtLeftovers()
	slices.SortStableFunc(a.findings, func(x, y Finding) int { return x.compare(&y) })
	return nil
}

// of returns the entries of one kind.
func (a *audit) of(kind hostsstore.Kind) []hostsstore.Entry {
	var list []hostsstore.Entry
	for _, e := range a.entries {
		if e.Kind == kind {
			list = append(list, e)
		}
	}
	return list
}

// What to do about a finding.
const (
	doRepair = "the next operation mends it, or: etcfiles check --repair"
	doAudit  = "etcfiles check --repair mends it"
	doPrune  = "the next operation removes it, or: etcfiles prune"
)
