package etcfiles

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/etcfiles/etcfiles/pkg/decide"
	"github.com/etcfiles/etcfiles/pkg/hostsfiles"
	"github.com/etcfiles/etcfiles/pkg/hostsstore"
	"github.com/etcfiles/etcfiles/pkg/request"
	"github.com/etcfiles/etcfiles/pkg/resolvconf"
	"github.com/etcfiles/etcfiles/pkg/roster"
	"github.com/etcfiles/etcfiles/pkg/safefile"
)

// tx is one operation on a namespace, under its lock: what is to be changed is collected, then commit makes it. Before that
// only what earlier operations began is brought to its end, and what an earlier boot left is removed: both may be done twice.
type tx struct {
	m      *Manager
	ns     *hostsstore.Namespace
	since  time.Time // it has had the lock
	about  scope
	trusts bool // the index is believed of all containers but those that the operation is about
	bootID string
	mntns  uint64
	ix     *hostsstore.Index

	thorough bool     // a hostname that differs from the record is put right
	repair   bool     // no file is as the index says: bring all of them to the records
	suspect  []string // networks with files that an operation which was interrupted may not have reached
	came     []roster.Placed
	went     []roster.Placed
	dropped  []*hostsstore.Container
	records  []*hostsstore.Record           // to be written
	pending  []hostsstore.Pending           // removals that were put off and that this session does
	own      map[*hostsstore.Container]bool // whose own part has changed
	// restored are those who may lack a file of their own, since the operation that was to make it was interrupted.
	restored []*hostsstore.Record
	// ownFiles writes resolv.conf and hostname of the container that is added; nil if none is.
	ownFiles func() error
	host     *resolvconf.Host    // the host's resolv.conf, once it has been read
	rewrites []*refreshment      // files of containers that attachments leave, and that stay
	remotes  *hostsstore.Remotes // what other hosts have
	imported *imported           // what an import makes of that; nil for nothing
	// unfinished says that a removal failed: the mark is to stay, so that the next operation tries again.
	unfinished bool
	// leftWithFiles says that a container has left whose files are kept, and that is to be removed when this is committed.
	leftWithFiles bool
	resumed       bool // a removal was found that an earlier operation had begun
	// stuck are those of dropped whose record cannot be taken away: their names are, and the next operation tries again.
	stuck []*hostsstore.Container

	finish func() error // called when all else is committed; may be nil
	undo   func() error // called when the commit has failed; may be nil

	labelled sync.Once // label is known
	label    string    // see fileLabel

	did Report
}

// depart notes for later that all attachments of a container have gone.
func (t *tx) depart(c *hostsstore.Container, why string) {
	for i := range c.Attachments {
		t.ix.Depart(c.ID, &c.Attachments[i], why)
	}
}

// drop removes a container with its record.
func (t *tx) drop(c *hostsstore.Container, why string) {
	t.forget(c)
	t.depart(c, why)
	t.dropped = append(t.dropped, c)
	t.records = slices.DeleteFunc(t.records, func(r *hostsstore.Record) bool { return r.ID == c.ID })
}

// detach takes one attachment out; the container goes with its last one, or if it has left that already. What is not there is
// gone already. After an error nothing has changed.
func (t *tx) detach(k request.Key, keep bool, why string) error {
	c := t.ix.Containers[k.ContainerID]
	if c == nil || c.Foreign {
		return nil
	}
	i := k.In(c.Attachments)
	if i < 0 && len(c.Attachments) > 0 {
		return nil
	}
	if len(c.Attachments) > 1 {
		r, err := t.pendingRecord(c.ID)
		if err != nil {
			return fmt.Errorf("record of container %s: %w", c.ID, err)
		}
		t.ix.Depart(c.ID, &c.Attachments[i], why)
		t.removeAttachment(c, r, i)
		return nil
	}
	if keep {
		t.keep(c)
	} else if err := t.ns.ForgetKept(c.ID); err != nil {
		return err
	}
	t.drop(c, why)
	return nil
}

// removeAttachment takes attachment i out of the container and its record.
func (t *tx) removeAttachment(c *hostsstore.Container, r *hostsstore.Record, i int) {
	leaving := c.Attachments[i]
	t.went = append(t.went, roster.Placed{Container: c, Attachment: &leaving})
	t.came = slices.DeleteFunc(t.came, func(p roster.Placed) bool { return p.Attachment == &c.Attachments[i] })
	c.Attachments = slices.Delete(slices.Clone(c.Attachments), i, i+1)
	decide.Adopt(r)
	decide.Leave(r, leaving.IfName)
	t.decide(c, r)
	t.save(c, r)
}

// save notes that a record is to be written.
func (t *tx) save(c *hostsstore.Container, r *hostsstore.Record) {
	t.own[c] = true
	if r.Etcfiles != nil {
		r.Etcfiles.Version = hostsstore.FormatVersion
	}
	t.records = slices.DeleteFunc(t.records, func(old *hostsstore.Record) bool { return old.ID == r.ID })
	t.records = append(t.records, r)
}

// pendingRecord returns the container's record as this session is going to write it, or as it stands.
func (t *tx) pendingRecord(id string) (*hostsstore.Record, error) {
	for _, r := range t.records {
		if r.ID == id {
			return r, nil
		}
	}
	return t.ns.ReadRecord(id)
}

// keep notes what a later start must know of the files that stay.
func (t *tx) keep(c *hostsstore.Container) {
	r, err := t.ns.ReadRecord(c.ID)
	if err == nil && r.Etcfiles != nil {
		err = t.ns.Keep(c.ID, hostsstore.Kept{Created: c.Created, ResolvConf: r.Etcfiles.ResolvConf, BootID: t.bootID})
	}
	if err != nil {
		t.m.Warnf("container %s: its files are kept, but not what is known of them: %v", c.ID, err)
	}
	c.Created = nil
}

// changed reports whether commit has anything to do.
func (t *tx) changed() bool {
	return t.repair || t.ix.Interrupted || t.imported != nil || len(t.came)+len(t.went)+len(t.dropped)+len(t.records)+len(t.own)+len(t.pending) > 0
}

// affected returns the networks with files that may have to be changed, sorted.
func (t *tx) affected() []string {
	list := slices.Clone(t.suspect)
	if t.imported != nil {
		list = append(list, t.imported.network)
	}
	for _, p := range slices.Concat(t.came, t.went) {
		list = append(list, p.Attachment.Network)
	}
	if t.repair {
		for _, c := range t.ix.Containers {
			for i := range c.Attachments {
				list = append(list, c.Attachments[i].Network)
			}
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// suspects reports whether all files of the network are to be compared.
func (t *tx) suspects(network string) bool {
	return t.repair || slices.Contains(t.suspect, network)
}

// commit makes the changes, or takes back what can be taken back.
func (t *tx) commit() error {
	err := t.apply()
	if err == nil && t.finish != nil {
		err = t.finish()
	}
	if err != nil && t.undo != nil {
		err = errors.Join(err, t.undo())
	}
	return err
}

// apply makes the changes: the mark, the records, the network files, the containers' own files and their peers', the
// remains of dropped containers, and the mark off. After an error the mark stays, so that the next operation repairs.
func (t *tx) apply() error {
	if !t.changed() {
		return nil
	}
	if err := t.ns.TakeIndex(t.affected()); err != nil {
		return err
	}
	if err := t.beginRemovals(); err != nil {
		return err
	}
	for _, r := range t.records {
		if err := t.write(r); err != nil {
			return err
		}
	}
	if err := t.ns.ForgetPending(t.pending); err != nil {
		return err
	}
	for _, r := range t.restored {
		switch err := t.restore(r); {
		case obstructed(err):
			t.m.Warnf("container %s lacks a file: %v", r.ID, err)
		case err != nil:
			return err
		}
	}
	if t.ownFiles != nil {
		if err := t.ownFiles(); err != nil {
			return err
		}
	}
	for _, f := range t.rewrites {
		if t.ix.Containers[f.record.ID] == nil {
			continue
		}
		if _, err := f.write(t); err != nil {
			return err
		}
	}
	t.writeRemotes()
	if err := t.applyFiles(); err != nil {
		return err
	}
	for _, c := range t.dropped {
		switch err := t.ns.FinishRemoval(c.ID, c.Created); {
		case obstructed(err):
			t.m.Warnf("container %s leaves files behind: %v", c.ID, err)
		case err != nil:
			return err
		}
	}
	switch {
	case t.unfinished: // the mark stays
		return nil
	case t.ix.Len() > 0:
		return t.ns.WriteIndex(t.ix)
	case len(t.ix.Networks) > 0: // other hosts have something there
		return errors.Join(t.ns.WriteIndex(t.ix), safefile.Remove(t.ns.ContainersDir()))
	}
	return errors.Join(t.ns.RemoveCaches(), safefile.Remove(t.ns.ContainersDir()))
}

// beginRemovals takes the records of dropped containers away. One that somebody has made immutable is nobody else's harm.
func (t *tx) beginRemovals() error {
	var begun []*hostsstore.Container
	for _, c := range t.dropped {
		switch err := t.ns.BeginRemoval(c.ID); {
		case err == nil:
			begun = append(begun, c)
		case obstructed(err):
			t.m.Warnf("container %s cannot be removed from the store: %v", c.ID, err)
			t.stuck = append(t.stuck, c)
		default:
			return err
		}
	}
	t.dropped = begun
	t.pending = slices.DeleteFunc(t.pending, func(p hostsstore.Pending) bool { return t.isStuck(p.ID) })
	return nil
}

func (t *tx) isStuck(id string) bool {
	return slices.ContainsFunc(t.stuck, func(c *hostsstore.Container) bool { return c.ID == id })
}

// durable reports whether a record is to outlive a power cut. After one all files of a container of which no record is left
// are taken for ours, unless somebody else writes records here too. So those records matter that know of a file which is
// not, and those of containers whose files are kept.
func (t *tx) durable(r *hostsstore.Record) bool {
	if t.m.KeepFiles || r.Etcfiles == nil || len(r.Etcfiles.Created) < 3 {
		return true
	}
	return t.ix.Foreign()
}

// write puts a record in place and tells the index.
func (t *tx) write(r *hostsstore.Record) error {
	err := t.ns.WriteRecord(r, t.durable(r))
	if errors.Is(err, unix.ENOSPC) { // the caches have the room that a record needs
		err = errors.Join(t.ns.DropIndex(), t.ns.WriteRecord(r, t.durable(r)))
	}
	if err != nil {
		return err
	}
	c := t.ix.Containers[r.ID]
	if c == nil {
		return nil
	}
	if c.Record, err = t.ns.StatRecord(r.ID); err != nil {
		return fmt.Errorf("record of container %s: %w", r.ID, err)
	}
	return nil
}

// applyFiles edits the hosts files.
func (t *tx) applyFiles() error {
	base := func() ([]byte, []string) {
		return hostsfiles.Base(t.m.BaseHostsFile, t.m.Marker, &t.ix.Base, t.m.Warnf)
	}
	e := &hostsfiles.Edit{
		Dir: t.m.Dir, Namespace: t.ns, Index: t.ix, Marker: t.m.Marker, Base: sync.OnceValues(base), Label: t.fileLabel, Warnf: t.m.Warnf,
		Remotes: t.remotes, Before: t.imported.before(), Came: t.came, Went: t.went,
		Own: t.own, Affected: t.affected(), Repair: t.repair, Suspects: t.suspects, Now: t.m.sinceBoot(), Gather: t.imported != nil && t.imported.gather,
	}
	files, peers, err := e.Apply()
	t.did.Files += files
	t.did.Peers += peers
	return err
}
