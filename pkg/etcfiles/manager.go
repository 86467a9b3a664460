package etcfiles

import (
	"context"
	"time"

	"golang.org/x/sys/unix"

	"github.com/etcfiles/etcfiles/pkg/etchosts"
	"github.com/etcfiles/etcfiles/pkg/hostsstore"
	"github.com/etcfiles/etcfiles/pkg/resolvconf"
)

// Manager does the operations on one data directory.
type Manager struct {
	Dir           hostsstore.Dir
	Marker        etchosts.Marker // word in the marker lines
	FindMarker    bool            // Marker is that of the hosts files that are there; if it is given, they must have it
	LockTimeout   time.Duration
	KeepFiles     bool                             // Del leaves the container's own three files
	BaseHostsFile string                           // entries for the head of a new hosts file; "" for none
	HostDNS       func() (resolvconf.Host, error)  // reads the host's resolv.conf, under a lock; nil leaves that of a container as it is whose attachment goes
	Warnf         func(format string, args ...any) // takes what does not stop an operation; no lock is held then
	Report        *Report                          // what the operations did is added to it; nil if nobody asks

	now   func() time.Duration                             // since boot; nil for the kernel's
	pause func(ctx context.Context, d time.Duration) error // nil for one that lasts
}

// update does one operation on a namespace as a transaction: under the lock it brings what earlier operations left to its
// end, lets do collect changes, and commits them. After an error of do nothing is changed.
func (m *Manager) update(ctx context.Context, namespace string, about scope, do func(t *tx) error) error {
	return m.locked(ctx, namespace, func(t *tx) error {
		t.about = about
		if err := t.load(); err != nil {
			return err
		}
		if t.leftWithFiles { // no stale name is kept: what they leave is committed before they go
			if err := t.commit(); err != nil {
				return err
			}
			*t = tx{m: t.m, ns: t.ns, since: t.since, about: about, did: t.did}
			if err := t.load(); err != nil {
				return err
			}
		}
		if err := t.ns.Modernize(); err != nil {
			t.m.Warnf("what an earlier version has made stays as it is for now: %v", err)
		}
		if err := do(t); err != nil {
			return err
		}
		return t.commit()
	})
}

// locked calls do under the lock of the namespace. Warnings are passed on when it has been let go.
func (m *Manager) locked(ctx context.Context, namespace string, do func(t *tx) error) error {
	ns := m.Dir.Namespace(namespace)
	start := time.Now()
	unlock, err := ns.Lock(ctx, m.LockTimeout)
	m.waited(start)
	if err != nil {
		return err
	}
	quiet, tell := m.quiet()
	defer tell()
	t := &tx{ns: ns, since: time.Now()}
	if t.m, err = quiet.ForNamespace(ns); err == nil {
		err = do(t)
	}
	quiet.release(unlock)
	if err == nil && m.Report != nil {
		m.Report.add(&t.did)
	}
	return err
}

// release lets a lock go. What was done stays done when that fails: the end of the process does it.
func (m *Manager) release(unlock func() error) {
	if err := unlock(); err != nil {
		m.Warnf("%v", err)
	}
}

// sinceBoot is the time since boot, in which sleep counts.
func (m *Manager) sinceBoot() time.Duration {
	if m.now != nil {
		return m.now()
	}
	var t unix.Timespec
	if unix.ClockGettime(unix.CLOCK_BOOTTIME, &t) != nil {
		return 0
	}
	return time.Duration(t.Nano())
}
