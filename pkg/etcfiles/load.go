package etcfiles

import (
	"errors"
	"fmt"
	"slices"

	"github.com/etcfiles/etcfiles/pkg/hostsstore"
	"github.com/etcfiles/etcfiles/pkg/parallel"
	"github.com/etcfiles/etcfiles/pkg/request"
	"github.com/etcfiles/etcfiles/pkg/roster"
)

// load reads the index, brings it to the records, does what earlier operations left, and finds what is dead.
func (t *tx) load() error {
	var err error
	if t.bootID, err = hostsstore.BootID(); err != nil {
		return err
	}
	t.mntns = hostsstore.MountNamespace()
	t.own = map[*hostsstore.Container]bool{}
	t.remotes = t.ns.Remotes(t.bootID, func(err error) { t.m.Warnf("%v", err) })
	pending, pendingErr := t.ns.Pending()
	looked, err := t.open(len(pending) > 0)
	if err != nil {
		return err
	}
	if (t.ix.Interrupted || t.repair) && t.remotes.Some() {
		if err := t.ns.TidyRemote(); err != nil {
			t.m.Warnf("what is left of an import stays for now: %v", err)
		}
	}
	if t.ix.Interrupted || t.repair && t.interrupted() {
		t.did.Repaired = 1
	}
	t.catchUp(pending, pendingErr)
	t.prune(looked)
	return nil
}

// scope is what an operation is about that concerns one network; the zero value is for one that concerns all of the namespace.
type scope struct {
	network string
	ids     []string // containers
	pods    bool     // whatever network they are on
}

// open reads as much of the index as the operation needs and brings it to the records, all of them or, where it trusts the others,
// those that it is about. It returns at whose it has looked.
func (t *tx) open(pending bool) (looked []string, err error) {
	now := t.m.sinceBoot()
	t.ix = t.ns.ReadPart(t.bootID, t.about.network, t.about.pods)
	t.trusts = t.about.network != "" && !pending && t.ix != nil && t.ix.Recent(now) && t.ns.Knows(t.ix, t.about.ids)
	if t.trusts {
		return t.about.ids, t.look(t.about.ids)
	}
	if t.ix == nil || t.ns.LoadRest(t.ix) != nil {
		t.repair, t.ix = true, hostsstore.NewIndex(t.bootID)
	}
	if t.ix.Interrupted {
		t.suspect = t.ix.Taken
	}
	t.ix.Looked = now
	ids, err := t.ns.IDs()
	if err == nil {
		err = t.follow(ids, t.ix.Missing(ids))
	}
	if err == nil {
		err = t.startAfresh(ids)
	}
	return ids, err
}

// catchUp does the removals that were put off.
func (t *tx) catchUp(list []hostsstore.Pending, err error) {
	for _, p := range list {
		k := request.Key{Namespace: t.ns.Name(), ContainerID: p.ID, IfName: p.IfName, Network: p.Network}
		var e error
		c := t.ix.Containers[p.ID]
		first := p.Keep && c != nil && !c.Foreign && k.In(c.Attachments) >= 0 // it leaves, and goes when that is done
		if p.Lives.Inode != 0 && (first || !p.Keep) {
			e = t.leave(k, p.Lives, "DEL")
			t.leftWithFiles = t.leftWithFiles || first
		} else {
			e = t.detach(k, p.Keep, "DEL")
			first = false
		}
		if e != nil {
			err = errors.Join(err, e)
			continue
		}
		if first {
			continue
		}
		t.did.CaughtUp = append(t.did.CaughtUp, k.String())
		t.pending = append(t.pending, p)
	}
	if err != nil {
		t.m.Warnf("a removal that was put off is put off again: %v", err)
	}
}

// look is follow for some containers.
func (t *tx) look(ids []string) error {
	listed, missing, err := t.ns.Listed(ids)
	if err != nil {
		return err
	}
	return t.follow(listed, missing)
}

// follow brings the index to the records of containers that have a directory in the store, and of those that have none.
func (t *tx) follow(ids, missing []string) error {
	list, err := t.ns.Changes(t.ix, ids, t.repair || t.ix.Interrupted)
	if err != nil {
		return err
	}
	for i, id := range ids {
		switch f := &list[i]; {
		case f.Absent:
			if t.ix.Interrupted || t.repair && t.ix.Containers[id] == nil {
				t.resume(id)
			}
			missing = append(missing, id)
		case f.Record != nil || f.Corrupt != nil:
			if err := t.reread(id, f); err != nil {
				return err
			}
		}
	}
	for _, id := range missing {
		if c := t.ix.Containers[id]; c != nil {
			t.forget(c)
			t.depart(c, "record removed")
		}
	}
	return nil
}

// startAfresh removes the network files, what other hosts had, and what those of the containers have left whose record is lost, when
// nothing of this boot is there, before the first one comes: what a file of an earlier boot holds may never have been
// written to the disk.
func (t *tx) startAfresh(ids []string) error {
	if !t.repair {
		return nil
	}
	for _, c := range t.ix.Containers {
		if !c.Foreign {
			return nil
		}
	}
	for _, id := range ids {
		if t.ix.Containers[id] == nil {
			t.sweep(id)
		}
	}
	if err := errors.Join(t.ns.TidyKept(), t.ns.RemoveStaleRemote(t.bootID)); err != nil {
		t.m.Warnf("what an earlier boot has left stays: %v", err)
	}
	networks, err := t.ns.Networks()
	for _, network := range networks {
		if !t.remotes.Has(network) { // else it was brought to them in this boot
			err = errors.Join(err, t.ns.RemoveNetwork(network))
		}
	}
	return err
}

// resume goes on with a removal that was cut off. Files that are kept for a later start stay.
func (t *tx) resume(id string) {
	r, err := t.ns.Leaving(id) // Changes has seen that it is not newer
	err = errors.Join(err, t.ns.Tidy(id))
	if r != nil && r.Etcfiles != nil {
		t.resumed = true
		kept, _ := t.ns.Kept(id)
		err = t.ns.FinishRemoval(id, slices.DeleteFunc(r.Etcfiles.Created, func(file string) bool {
			return slices.Contains(kept.Created, file)
		}))
	}
	if err != nil {
		t.m.Warnf("container %s: %v", id, err)
		t.unfinished = t.unfinished || !obstructed(err)
	}
}

// reread takes a record that is new or has changed into the index.
func (t *tx) reread(id string, f *hostsstore.Change) error {
	old := t.ix.Containers[id]
	if old != nil {
		t.forget(old)
		if f.Corrupt != nil {
			t.depart(old, "record corrupt")
		}
	}
	if f.Corrupt != nil {
		t.m.Warnf("container %s is left out: %v", id, errors.Join(f.Corrupt, t.ns.PutAside(id)))
		return nil
	}
	r := f.Record
	c, refused := roster.ContainerOf(r)
	t.m.leaveOut(refused)
	c.Record = f.State
	t.ix.Containers[id] = c
	if r.Etcfiles != nil && r.Etcfiles.BootID != t.bootID {
		return t.bury(c)
	}
	if err := t.ns.WriteBeside(r); obstructed(err) {
		t.m.Warnf("container %s: who mounts its files cannot see that they are its own: %v", id, err)
	} else if err != nil {
		return fmt.Errorf("record of container %s: %w", id, err)
	}
	t.own[c] = true
	if t.repair || t.ix.Interrupted {
		t.restored = append(t.restored, r)
	}
	if old != nil {
		for i := range old.Attachments {
			if network := old.Attachments[i].Network; !roster.OnNetwork(c, network) {
				t.ix.Depart(id, &old.Attachments[i], "record changed")
			}
		}
	}
	for i := range c.Attachments {
		a := &c.Attachments[i]
		t.ix.Return(id, a.Network)
		t.ix.NextSequence = max(t.ix.NextSequence, a.Sequence+1)
		t.came = append(t.came, roster.Placed{Container: c, Attachment: a})
	}
	return nil
}

// bury removes a container of an earlier boot with its files, before one of the same ID may take them over: nobody has
// them mounted, and what they hold may never have been written to the disk.
func (t *tx) bury(c *hostsstore.Container) error {
	delete(t.ix.Containers, c.ID)
	t.did.Dead = append(t.did.Dead, c.ID)
	t.depart(c, "earlier boot")
	err := t.ns.ForgetKept(c.ID)
	if err == nil {
		err = t.ns.BeginRemoval(c.ID)
	}
	if err == nil {
		err = t.ns.FinishRemoval(c.ID, c.Created)
	}
	switch {
	case obstructed(err):
		t.m.Warnf("container %s leaves files behind: %v", c.ID, err)
	case err != nil:
		return fmt.Errorf("container %s of an earlier boot: %w", c.ID, err)
	}
	return nil
}

// forget takes a container out of the index, whose record has gone.
func (t *tx) forget(c *hostsstore.Container) {
	for i := range c.Attachments {
		t.went = append(t.went, roster.Placed{Container: c, Attachment: &c.Attachments[i]})
	}
	delete(t.ix.Containers, c.ID)
	delete(t.own, c)
	t.came = slices.DeleteFunc(t.came, func(p roster.Placed) bool { return p.Container == c })
}

// prune drops those of the containers whose network namespace is no more.
func (t *tx) prune(ids []string) {
	dead := make([]bool, len(ids))
	parallel.Do(len(ids), func(i int) {
		c := t.ix.Containers[ids[i]]
		dead[i] = c != nil && c.Netns.Gone(t.mntns)
	})
	for i, id := range ids {
		if dead[i] {
			t.did.Dead = append(t.did.Dead, id)
			t.drop(t.ix.Containers[id], "network namespace gone")
		}
	}
}
