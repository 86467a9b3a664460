package etcfiles

import (
	"context"
	"fmt"
	"time"

	"github.com/etcfiles/etcfiles/pkg/etchosts"
	"github.com/etcfiles/etcfiles/pkg/hostsstore"
	"github.com/etcfiles/etcfiles/pkg/names"
)

// Manager does the operations on one data directory.
type Manager struct {
	Dir           hostsstore.Dir
	Marker        etchosts.Marker // word in the marker lines
	FindMarker    bool            // Marker is that of the hosts files that are there; if it is given, they must have it
	LockTimeout   time.Duration
	KeepFiles     bool                             // Del leaves the container's own three files
	BaseHostsFile string                           // entries for the head of a new hosts file; "" for none
	Warnf         func(format string, args ...any) // takes what does not stop an operation; no lock is held then
	Report        *Report                          // what the operations did is added to it; nil if nobody asks
}

// Key identifies an attachment: container and interface on a network of a namespace.
type Key struct {
	Namespace   string
	ContainerID string
	IfName      string
	Network     string
}

// validate checks the parts of a key that become elements of a path.
func (k Key) validate() error {
	for _, e := range []struct{ key, value string }{
		{"namespace", k.Namespace}, {"CNI_CONTAINERID", k.ContainerID}, {"network name", k.Network},
	} {
		if err := names.CheckElement(e.value); err != nil {
			return fmt.Errorf("%s: %w: %w", e.key, ErrInvalid, err)
		}
	}
	return nil
}

// session opens the namespace under its lock.
func (m *Manager) session(ctx context.Context, namespace string) (*session, error) {
	ns := m.Dir.Namespace(namespace)
	start := time.Now()
	unlock, err := ns.Lock(ctx, m.LockTimeout)
	m.waited(start)
	if err != nil {
		return nil, err
	}
	quiet, tell := m.quiet()
	s := &session{Manager: quiet, ns: ns, unlock: unlock, tell: tell}
	if s.Manager, err = quiet.forNamespace(ns); err != nil {
		s.Manager = quiet
		return nil, s.end(err)
	}
	if err := s.load(); err != nil {
		return nil, s.end(err)
	}
	if err := ns.Modernize(); err != nil {
		m.Warnf("what an earlier version has made stays as it is for now: %v", err)
	}
	return s, nil
}
