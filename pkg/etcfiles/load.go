package etcfiles

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/etcfiles/etcfiles/pkg/hostsstore"
)

// load reads the index, brings it to the records, does what earlier operations left, and finds what is dead.
func (s *session) load() error {
	var err error
	if s.bootID, err = hostsstore.BootID(); err != nil {
		return err
	}
	s.mntns = mountNamespace()
	s.own = map[*hostsstore.Container]bool{}
	if s.ix = s.ns.ReadIndex(s.bootID); s.ix == nil {
		s.repair = true
		s.ix = hostsstore.NewIndex(s.bootID)
	}
	if s.ix.Interrupted {
		s.suspect = s.ix.Taken
	}
	if err := s.follow(); err != nil {
		return err
	}
	if s.ix.Interrupted || s.repair && s.interrupted() {
		s.did.Repaired = 1
	}
	s.catchUp()
	s.prune()
	return nil
}

// catchUp does the removals that were put off.
func (s *session) catchUp() {
	list, err := s.ns.Pending()
	for _, p := range list {
		k := Key{s.ns.Name(), p.ID, p.IfName, p.Network}
		if e := s.detach(k, p.Keep, "DEL"); e != nil {
			err = errors.Join(err, e)
			continue
		}
		s.did.CaughtUp = append(s.did.CaughtUp, k.short())
		s.pending = append(s.pending, p)
	}
	if err != nil {
		s.Warnf("a removal that was put off is put off again: %v", err)
	}
}

// follow brings the index to the records in the store.
func (s *session) follow() error {
	ids, err := s.ns.IDs()
	if err != nil {
		return err
	}
	list, err := survey(s.ns, s.ix, ids, s.repair || s.ix.Interrupted)
	if err != nil {
		return err
	}
	present := make(map[string]struct{}, len(ids))
	for i, id := range ids {
		switch f := &list[i]; {
		case f.absent:
			if _, known := s.ix.Containers[id]; s.ix.Interrupted || !known && s.repair {
				s.finish(id)
			}
			continue
		case f.record != nil || f.corrupt != nil:
			if err := s.reread(id, f); err != nil {
				return err
			}
		}
		present[id] = struct{}{}
	}
	for id, c := range s.ix.Containers {
		if _, ok := present[id]; !ok {
			s.forget(c)
			s.depart(c, "record removed")
		}
	}
	return s.startAfresh(ids)
}

// startAfresh removes the network files, and what those of the containers have left whose record is lost, when no
// container of this boot is there, before the first one comes: what a file of an earlier boot holds may never have been
// written to the disk.
func (s *session) startAfresh(ids []string) error {
	if !s.repair {
		return nil
	}
	for _, c := range s.ix.Containers {
		if !c.Foreign {
			return nil
		}
	}
	for _, id := range ids {
		if s.ix.Containers[id] == nil {
			s.sweep(id)
		}
	}
	networks, err := s.ns.Networks()
	for _, network := range networks {
		err = errors.Join(err, s.removeNetworkFile(network))
	}
	return err
}

// finish goes on with a removal that was cut off. Files that are kept for a later start stay.
func (s *session) finish(id string) {
	r, err := s.ns.Leaving(id) // survey has seen that it is not newer
	err = errors.Join(err, s.ns.Tidy(id))
	if r != nil && r.Etcfiles != nil {
		s.resumed = true
		kept, _ := s.ns.Kept(id)
		err = s.ns.FinishRemoval(id, slices.DeleteFunc(r.Etcfiles.Created, func(file string) bool {
			return slices.Contains(kept.Created, file)
		}))
	}
	if err != nil {
		s.Warnf("container %s: %v", id, err)
		s.unfinished = s.unfinished || !obstructed(err)
	}
}

// found is what the store has of a container that the index does not know as it is: its record, or why there is none.
type found struct {
	stat    hostsstore.FileID
	record  *hostsstore.Record
	corrupt error
	absent  bool
}

// survey reads the records that are new or have changed since the index was written, and changes nothing. A record that
// cannot be read just now is an error: to go on without it would take the names of a living container away. So is one of a
// later format, as ErrNewer; the index vouches for the others. With leaving it also looks at removals that were cut off.
func survey(n *hostsstore.Namespace, ix *hostsstore.Index, ids []string, leaving bool) ([]found, error) {
	list := make([]found, len(ids))
	errs := make([]error, len(ids))
	parallel(len(ids), func(i int) {
		f, id := &list[i], ids[i]
		f.stat, errs[i] = n.StatRecord(id)
		if c := ix.Containers[id]; errs[i] == nil && (c == nil || c.Record != f.stat) {
			f.record, errs[i] = n.ReadRecord(id)
		}
		switch {
		case errors.Is(errs[i], fs.ErrNotExist):
			f.absent, errs[i] = true, nil
			if leaving {
				if _, err := n.Leaving(id); errors.Is(err, ErrNewer) {
					errs[i] = err
				}
			}
		case errors.Is(errs[i], hostsstore.ErrCorrupt):
			f.corrupt, errs[i] = errs[i], nil
		}
	})
	for i, err := range errs {
		if err != nil {
			return nil, fmt.Errorf("record of container %s: %w", ids[i], err)
		}
	}
	return list, nil
}

// reread takes a record that is new or has changed into the index.
func (s *session) reread(id string, f *found) error {
	old := s.ix.Containers[id]
	if old != nil {
		s.forget(old)
		if f.corrupt != nil {
			s.depart(old, "record corrupt")
		}
	}
	if f.corrupt != nil {
		s.Warnf("container %s is left out: %v", id, errors.Join(f.corrupt, s.ns.PutAside(id)))
		return nil
	}
	r := f.record
	c := s.adopt(r)
	c.Record = f.stat
	s.ix.Containers[id] = c
	if r.Etcfiles != nil && r.Etcfiles.BootID != s.bootID {
		return s.bury(c)
	}
	if err := s.ns.WriteNetns(r); obstructed(err) {
		s.Warnf("container %s: who mounts its files cannot see that they are its own: %v", id, err)
	} else if err != nil {
		return fmt.Errorf("record of container %s: %w", id, err)
	}
	s.own[c] = true
	if s.repair || s.ix.Interrupted {
		s.restored = append(s.restored, r)
	}
	if old != nil {
		for i := range old.Attachments {
			if network := old.Attachments[i].Network; !onNetwork(c, network) {
				s.ix.Depart(id, &old.Attachments[i], "record changed")
			}
		}
	}
	for i := range c.Attachments {
		a := &c.Attachments[i]
		s.ix.Return(id, a.Network)
		s.ix.NextSequence = max(s.ix.NextSequence, a.Sequence+1)
		s.came = append(s.came, placed{c, a})
	}
	return nil
}

// bury removes a container of an earlier boot with its files, before one of the same ID may take them over: nobody has
// them mounted, and what they hold may never have been written to the disk.
func (s *session) bury(c *hostsstore.Container) error {
	delete(s.ix.Containers, c.ID)
	s.did.Dead = append(s.did.Dead, c.ID)
	s.depart(c, "earlier boot")
	err := s.ns.ForgetKept(c.ID)
	if err == nil {
		err = s.ns.BeginRemoval(c.ID)
	}
	if err == nil {
		err = s.ns.FinishRemoval(c.ID, c.Created)
	}
	switch {
	case obstructed(err):
		s.Warnf("container %s leaves files behind: %v", c.ID, err)
	case err != nil:
		return fmt.Errorf("container %s of an earlier boot: %w", c.ID, err)
	}
	return nil
}

// forget takes a container out of the index, whose record has gone.
func (s *session) forget(c *hostsstore.Container) {
	for i := range c.Attachments {
		s.went = append(s.went, placed{c, &c.Attachments[i]})
	}
	delete(s.ix.Containers, c.ID)
	delete(s.own, c)
	s.came = slices.DeleteFunc(s.came, func(p placed) bool { return p.container == c })
}

// prune drops the containers whose network namespace is no more.
func (s *session) prune() {
	list := make([]*hostsstore.Container, 0, len(s.ix.Containers))
	for _, c := range s.ix.Containers {
		list = append(list, c)
	}
	dead := make([]bool, len(list))
	parallel(len(list), func(i int) { dead[i] = gone(list[i].Netns, s.mntns) })
	for i, c := range list {
		if dead[i] {
			s.did.Dead = append(s.did.Dead, c.ID)
			s.drop(c, "network namespace gone")
		}
	}
}

// adopt makes the index entry of a record.
func (s *session) adopt(r *hostsstore.Record) *hostsstore.Container {
	if r.Etcfiles == nil {
		return s.adoptForeign(r)
	}
	d := r.Etcfiles
	return &hostsstore.Container{
		ID: r.ID, Netns: d.Netns, Kubernetes: d.KubernetesNamespace, NoIPv6Loopback: d.NoIPv6Loopback,
		ExtraHosts: d.ExtraHosts, Created: d.Created, Attachments: slices.Clone(d.Attachments),
	}
}
