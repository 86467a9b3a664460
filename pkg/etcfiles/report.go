package etcfiles

import (
	"net/netip"
	"slices"
	"time"

	"github.com/etcfiles/etcfiles/pkg/hostsstore"
	"github.com/etcfiles/etcfiles/pkg/request"
)

// Report is what operations did, for whoever logs or counts it. Of an operation that fails it has the wait for the lock,
// and what it was about.
type Report struct {
	LockWait  time.Duration
	Name      string       // of the container that was added
	Addresses []netip.Addr // of the attachment that was added or removed
	Names     []string     // of the same
	Files     int          // hosts files that were changed or made
	Peers     int          // those of them that belong to other containers
	Repaired  int          // namespaces that an earlier operation left unfinished, and all of whose files were compared
	Dead      []string     // IDs of containers that were dropped: their network namespace, or their boot, is no more
	Evicted   []string     // attachments, as ID/interface, whose address was given to another container, or whose pod has a new sandbox
	Collected []string     // attachments that GC removed
	CaughtUp  []string     // attachments whose removal had been put off
	PutOff    bool         // Del left its removal to the next operation
}

// add adds what one session did.
func (r *Report) add(did *Report) {
	r.Files += did.Files
	r.Peers += did.Peers
	r.Repaired += did.Repaired
	r.Dead = append(r.Dead, did.Dead...)
	r.Evicted = append(r.Evicted, did.Evicted...)
	r.Collected = append(r.Collected, did.Collected...)
	r.CaughtUp = append(r.CaughtUp, did.CaughtUp...)
}

// waited notes how long a lock was waited for.
func (m *Manager) waited(since time.Time) {
	if m.Report != nil {
		m.Report.LockWait += time.Since(since)
	}
}

// about notes which attachment an operation is about.
func (m *Manager) about(name string, a *hostsstore.Attachment) {
	if m.Report != nil {
		m.Report.Name, m.Report.Addresses, m.Report.Names = name, slices.Clone(a.Addresses), slices.Clone(a.Names)
	}
}

// aboutKey is about for an attachment of the index; one that is not there says nothing.
func (t *tx) aboutKey(k request.Key) {
	c := t.ix.Containers[k.ContainerID]
	if c == nil {
		return
	}
	if i := k.In(c.Attachments); i >= 0 {
		t.m.about("", &c.Attachments[i])
	}
}

// interrupted reports that an earlier operation did not get to its end: there is no index, though there is something that
// it would list.
func (t *tx) interrupted() bool {
	if t.resumed {
		return true
	}
	for _, c := range t.ix.Containers {
		if !c.Foreign {
			return true
		}
	}
	return false
}
