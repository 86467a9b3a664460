package inspect

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/etcfiles/etcfiles/pkg/etcfiles"
	"github.com/etcfiles/etcfiles/pkg/etchosts"
	"github.com/etcfiles/etcfiles/pkg/hostsstore"
	"github.com/etcfiles/etcfiles/pkg/roster"
)

// Audit compares every record, file and index of a namespace, or of all of them for "", with each other and with the
// network namespaces, and returns what is wrong, sorted. Without repair it writes nothing and nobody waits for it: it holds
// the lock for 50 ms at most, to see that no operation is at work, and what an operation may have changed while it looked it
// looks at again. With repair it mends what can be mended, under the lock, as the next operation on the namespace would and
// also what none would look at; what a further look does not find any more is marked as mended. The error is
// one of Existing, or etcfiles.ErrLocked.
func (m *Inspector) Audit(ctx context.Context, namespace string, repair bool) ([]Finding, error) {
	list, err := m.audit(ctx, namespace, func(a *audit) error {
		if !repair || len(a.newer) > 0 || !Faulty(a.findings) {
			return nil
		}
		return a.mend(ctx, false)
	}, (*audit).unmounted)
	slices.SortStableFunc(list, func(x, y Finding) int { return x.compare(&y) })
	return list, err
}

// audit looks at each of the namespaces, lets do mend, and adds what more finds after the last look; more may be nil.
func (m *Inspector) audit(ctx context.Context, namespace string, do func(*audit) error, more func(*audit) ([]Finding, error)) ([]Finding, error) {
	namespaces, err := m.Existing(namespace)
	if err != nil {
		return nil, err
	}
	var list []Finding
	err = etcfiles.Each(ctx, namespaces, func(name string) error {
		a, found, err := m.auditNamespace(ctx, name, do)
		list = append(list, found...)
		if err != nil || more == nil {
			return err
		}
		found, err = more(a)
		list = append(list, found...)
		return err
	})
	return list, err
}

func (m *Inspector) auditNamespace(ctx context.Context, namespace string, do func(*audit) error) (*audit, []Finding, error) {
	ns := m.Dir.Namespace(namespace)
	if err := ns.CheckDirs(); err != nil {
		return nil, nil, err
	}
	marked, err := m.ForNamespace(ns)
	if err != nil {
		return nil, nil, err
	}
	a := &audit{Inspector: &Inspector{marked}, ns: ns}
	if err := a.lookTwice(ctx); err != nil {
		return nil, nil, err
	}
	before := a.findings
	if err := do(a); err != nil || !a.mended {
		return a, a.findings, err
	}
	if err := a.lookTwice(ctx); err != nil {
		return a, a.findings, err
	}
	return a, merge(before, a.findings), nil
}

const (
	// looks is how often a namespace is looked at in which operations are at work all the time.
	looks = 6
	// slice is how long an operation may wait for who only looks.
	slice = 50 * time.Millisecond
)

// lookTwice looks until nothing is found, no operation has been at work meanwhile, or what was found was found again and
// again: what an operation was about to do is not found twice. A further look that is short keeps the operations waiting, and is
// certain.
func (a *audit) lookTwice(ctx context.Context) error {
	var earlier *lookBefore
	took := slice
	for range looks {
		before, resume, err := a.rest(ctx)
		if err != nil {
			return err
		}
		certain := took < slice
		if !certain {
			resume()
		}
		began := time.Now()
		err = a.look(ctx, before, earlier)
		took = time.Since(began)
		if certain {
			resume()
		}
		if err != nil || certain || len(a.findings) == 0 {
			return err
		}
		after, resume, err := a.rest(ctx)
		if err != nil {
			return err
		}
		resume()
		if before == after {
			return nil
		}
		earlier = a.seen()
	}
	return nil
}

// rest waits until no operation is at work, lets none begin before resume is called, and returns the identity of the index: each
// operation that changes something makes a new one. It is zero when there is none.
func (a *audit) rest(ctx context.Context) (index hostsstore.FileID, resume func(), err error) {
	resume = func() {}
	unlock, err := a.ns.LockExisting(ctx, a.LockTimeout)
	if err == nil {
		resume = func() { _ = unlock() }
	} else if !errors.Is(err, fs.ErrNotExist) { // without its directory no operation can be at work
		return index, resume, err
	}
	index, err = a.ns.StatIndex()
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	if err != nil {
		resume()
	}
	return index, resume, err
}

// merge returns the findings of a second look, and those of the first that are no more as mended.
func merge(first, second []Finding) []Finding {
	out := slices.Clone(second)
	for _, f := range first {
		if !slices.ContainsFunc(second, f.sameFault) {
			f.Mended = true
			out = append(out, f)
		}
	}
	slices.SortStableFunc(out, func(a, b Finding) int { return a.compare(&b) })
	return out
}

// audit is a look at one namespace.
type audit struct {
	*Inspector
	ns      *hostsstore.Namespace
	mended  bool              // something may have changed since the look
	earlier *lookBefore       // what the look before has found, nil for the first one
	rested  hostsstore.FileID // the index when no operation was at work, zero if there was none

	bootID  string
	mntns   uint64
	entries []hostsstore.Entry
	records map[string]*hostsstore.Record // all that can be read
	read    map[string]recordRead         // the same, for the look after this one
	stale   map[string]bool               // of an earlier boot
	index   *hostsstore.Index             // as it stands, nil if there is none for this boot
	behind  bool                          // records have come, gone or changed since the index was written
	want    *hostsstore.Index             // what it should hold
	// theirsMoved says that records of nerdctl have come, gone or changed since the index was written.
	theirsMoved bool
	everyRecord func() map[given][]*hostsstore.Record // what readEveryRecord returns, read when the first one asks
	members     roster.Members                        // of want
	remotes     *hostsstore.Remotes                   // what other hosts have

	newer    []Finding // records that this etcfiles does not understand: what the store should be is not known
	mu       sync.Mutex
	findings []Finding
	differ   map[string]etchosts.Difference // hosts files that are not as they have to be, by path
}

// found notes a finding; goroutines may call it at once.
func (a *audit) found(f Finding) {
	f.Namespace = a.ns.Name()
	if r := a.records[f.ID]; r != nil {
		f.Name = roster.NameOf(r)
	}
	a.mu.Lock()
	a.findings = append(a.findings, f)
	a.mu.Unlock()
}

// look fills the findings, without writing anything. After a look before, these are the ones of then that are still there.
// rested is the index when no operation was at work, zero if there was none.
func (a *audit) look(ctx context.Context, rested hostsstore.FileID, earlier *lookBefore) error {
	*a = audit{Inspector: a.Inspector, ns: a.ns, mended: a.mended, earlier: earlier, rested: rested}
	a.differ, a.read = map[string]etchosts.Difference{}, map[string]recordRead{}
	a.everyRecord = sync.OnceValue(a.readEveryRecord)
	var err error
	if a.bootID, err = hostsstore.BootID(); err != nil {
		return err
	}
	a.mntns = hostsstore.MountNamespace()
	a.remotes = a.ns.Remotes(a.bootID, nil)
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
	for _, at := range []func(){a.lookAtIndex, a.lookAtAddresses, a.lookAtRemotes, a.lookAtHosts, a.lookAtOwnFiles, a.lookAtModes, a.lookAtLeftovers} {
		if ctx.Err() != nil {
			return fmt.Errorf("the look was cut short (%w): %w", context.Cause(ctx), ctx.Err())
		}
		at()
	}
	if a.earlier != nil {
		a.findings = slices.DeleteFunc(a.findings, func(f Finding) bool { return !slices.ContainsFunc(a.earlier.findings, f.sameFault) })
	}
	slices.SortStableFunc(a.findings, func(x, y Finding) int { return x.compare(&y) })
	return nil
}

// networks returns the networks that somebody is on, here or on another host, sorted.
func (a *audit) networks() []string {
	list := slices.AppendSeq(a.remotes.Networks(), maps.Keys(a.members.Networks()))
	slices.Sort(list)
	return slices.Compact(list)
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
	doPrune  = "etcfiles prune removes it; the next operation on its namespace would too"
)
