package etcfiles

import (
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/etcfiles/etcfiles/pkg/hostsstore"
)

// session is one operation on a namespace, under its lock: first the changes are collected, then commit makes them.
type session struct {
	*Manager
	ns     *hostsstore.Namespace
	unlock func() error
	tell   func() // passes the warnings on
	bootID string
	mntns  uint64
	ix     *hostsstore.Index

	repair  bool     // no file is as the index says: bring all of them to the records
	suspect []string // networks with files that an operation which was interrupted may not have reached
	came    []placed
	went    []placed
	dropped []*hostsstore.Container
	records []*hostsstore.Record           // to be written
	pending []hostsstore.Pending           // removals that were put off and that this session does
	own     map[*hostsstore.Container]bool // whose own part has changed
	// restored are those who may lack a file of their own, since the operation that was to make it was interrupted.
	restored []*hostsstore.Record
	// ownFiles writes resolv.conf and hostname of the container that is added; nil if none is.
	ownFiles func() error
	// unfinished says that a removal failed: the mark is to stay, so that the next operation tries again.
	unfinished bool
	resumed    bool // a removal was found that an earlier operation had begun

	did Report
}

// end lets the lock go, passes the warnings on and returns the error. What was done stays done when the lock cannot be let
// go: the end of the process does it.
func (s *session) end(err error) error {
	if unlockErr := s.unlock(); unlockErr != nil {
		s.Warnf("%v", unlockErr)
	}
	s.tell()
	if err == nil && s.Report != nil {
		s.Report.add(&s.did)
	}
	return err
}

// depart notes for later that all attachments of a container have gone.
func (s *session) depart(c *hostsstore.Container, why string) {
	for i := range c.Attachments {
		s.ix.Depart(c.ID, &c.Attachments[i], why)
	}
}

// drop removes a container with its record.
func (s *session) drop(c *hostsstore.Container, why string) {
	s.forget(c)
	s.depart(c, why)
	s.dropped = append(s.dropped, c)
	s.records = slices.DeleteFunc(s.records, func(r *hostsstore.Record) bool { return r.ID == c.ID })
}

// detach takes one attachment out; the container goes with its last one. What is not there is gone already. After an
// error nothing has changed.
func (s *session) detach(k Key, keep bool, why string) error {
	c := s.ix.Containers[k.ContainerID]
	if c == nil {
		return nil
	}
	i := slices.IndexFunc(c.Attachments, func(a hostsstore.Attachment) bool {
		return a.Network == k.Network && a.IfName == k.IfName
	})
	if i < 0 || c.Foreign {
		return nil
	}
	if len(c.Attachments) > 1 {
		r, err := s.pendingRecord(c.ID)
		if err != nil {
			return fmt.Errorf("record of container %s: %w", c.ID, err)
		}
		s.ix.Depart(c.ID, &c.Attachments[i], why)
		s.removeAttachment(c, r, i)
		return nil
	}
	if keep {
		s.keep(c)
	} else if err := s.ns.ForgetKept(c.ID); err != nil {
		return err
	}
	s.drop(c, why)
	return nil
}

// removeAttachment takes attachment i out of the container and its record.
func (s *session) removeAttachment(c *hostsstore.Container, r *hostsstore.Record, i int) {
	leaving := c.Attachments[i]
	s.went = append(s.went, placed{c, &leaving})
	s.came = slices.DeleteFunc(s.came, func(p placed) bool { return p.attachment == &c.Attachments[i] })
	c.Attachments = slices.Delete(slices.Clone(c.Attachments), i, i+1)
	r.Etcfiles.Attachments = slices.DeleteFunc(r.Etcfiles.Attachments, func(a hostsstore.Attachment) bool { return a.IfName == leaving.IfName })
	s.save(c, r)
}

// save notes that a record is to be written.
func (s *session) save(c *hostsstore.Container, r *hostsstore.Record) {
	s.own[c] = true
	if r.Etcfiles != nil {
		r.Etcfiles.Version = hostsstore.FormatVersion
	}
	s.records = slices.DeleteFunc(s.records, func(old *hostsstore.Record) bool { return old.ID == r.ID })
	s.records = append(s.records, r)
}

// pendingRecord returns the container's record as this session is going to write it, or as it stands.
func (s *session) pendingRecord(id string) (*hostsstore.Record, error) {
	for _, r := range s.records {
		if r.ID == id {
			return r, nil
		}
	}
	return s.ns.ReadRecord(id)
}

// keep notes what a later start must know of the files that stay.
func (s *session) keep(c *hostsstore.Container) {
	r, err := s.ns.ReadRecord(c.ID)
	if err == nil && r.Etcfiles != nil {
		err = s.ns.Keep(c.ID, hostsstore.Kept{Created: c.Created, ResolvConf: r.Etcfiles.ResolvConf, BootID: s.bootID})
	}
	if err != nil {
		s.Warnf("container %s: its files are kept, but not what is known of them: %v", c.ID, err)
	}
	c.Created = nil
}

// changed reports whether commit has anything to do.
func (s *session) changed() bool {
	return s.repair || s.ix.Interrupted || len(s.came)+len(s.went)+len(s.dropped)+len(s.records)+len(s.own)+len(s.pending) > 0
}

// affected returns the networks with files that may have to be changed, sorted.
func (s *session) affected() []string {
	list := slices.Clone(s.suspect)
	for _, p := range slices.Concat(s.came, s.went) {
		list = append(list, p.attachment.Network)
	}
	if s.repair {
		for _, c := range s.ix.Containers {
			for i := range c.Attachments {
				list = append(list, c.Attachments[i].Network)
			}
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// suspects reports whether all files of the network are to be compared.
func (s *session) suspects(network string) bool {
	return s.repair || slices.Contains(s.suspect, network)
}

// commit makes the changes: the mark, the records, the network files, the containers' own files and their peers', the
// remains of dropped containers, and the mark off. After an error the mark stays, so that the next operation repairs.
func (s *session) commit() error {
	if !s.changed() {
		return nil
	}
	if err := s.ns.TakeIndex(s.affected()); err != nil {
		return err
	}
	for _, c := range s.dropped {
		if err := s.ns.BeginRemoval(c.ID); err != nil {
			return err
		}
	}
	for _, r := range s.records {
		if err := s.write(r); err != nil {
			return err
		}
	}
	if err := s.ns.ForgetPending(s.pending); err != nil {
		return err
	}
	for _, r := range s.restored {
		switch err := s.restore(r); {
		case obstructed(err):
			s.Warnf("container %s lacks a file: %v", r.ID, err)
		case err != nil:
			return err
		}
	}
	if s.ownFiles != nil {
		if err := s.ownFiles(); err != nil {
			return err
		}
	}
	if err := s.applyFiles(); err != nil {
		return err
	}
	for _, c := range s.dropped {
		switch err := s.ns.FinishRemoval(c.ID, c.Created); {
		case obstructed(err):
			s.Warnf("container %s leaves files behind: %v", c.ID, err)
		case err != nil:
			return err
		}
	}
	switch {
	case s.unfinished: // the mark stays
		return nil
	case len(s.ix.Containers) == 0:
		return errors.Join(s.ns.RemoveCaches(), hostsstore.Remove(s.ns.ContainersDir()))
	}
	return s.ns.WriteIndex(s.ix)
}

// durable reports whether a record is to outlive a power cut. After one all files of a container of which no record is left
// are taken for ours, unless somebody else writes records here too. So those records matter that know of a file which is
// not, and those of containers whose files are kept.
func (s *session) durable(r *hostsstore.Record) bool {
	if s.KeepFiles || r.Etcfiles == nil || len(r.Etcfiles.Created) < 3 {
		return true
	}
	for _, c := range s.ix.Containers {
		if c.Foreign {
			return true
		}
	}
	return false
}

// write puts a record in place and tells the index.
func (s *session) write(r *hostsstore.Record) error {
	if err := s.ns.WriteRecord(r, s.durable(r)); err != nil {
		return err
	}
	c := s.ix.Containers[r.ID]
	if c == nil {
		return nil
	}
	var err error
	if c.Record, err = s.ns.StatRecord(r.ID); err != nil {
		return fmt.Errorf("record of container %s: %w", r.ID, err)
	}
	return nil
}

// batch is how many calls a goroutine of parallel takes at a time.
const batch = 16

// parallel calls do for 0 to n-1 from as many goroutines as there are processors.
func parallel(n int, do func(i int)) {
	workers := min(runtime.GOMAXPROCS(0), (n+batch-1)/batch)
	var next atomic.Int64
	work := func() {
		for {
			from := int(next.Add(batch)) - batch
			if from >= n {
				return
			}
			for i := from; i < min(from+batch, n); i++ {
				do(i)
			}
		}
	}
	var wg sync.WaitGroup
	for range workers - 1 {
		wg.Go(work)
	}
	work()
	wg.Wait()
}

// removeNetworkFile removes the hosts file of a network that has no container any more, and its directory.
func (s *session) removeNetworkFile(network string) error {
	path := s.ns.NetworkPath(network)
	dir := filepath.Dir(path)
	if err := hostsstore.CheckDir(dir); err != nil {
		return err
	}
	return errors.Join(hostsstore.Remove(path), hostsstore.Remove(filepath.Join(dir, ".hosts.new")),
		hostsstore.Remove(dir), hostsstore.Remove(filepath.Dir(dir)))
}
