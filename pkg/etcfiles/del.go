package etcfiles

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/etcfiles/etcfiles/pkg/hostsstore"
	"github.com/etcfiles/etcfiles/pkg/request"
)

// Del takes an attachment out of every file and removes what Add created for it. Whatever is absent is no error. What
// fails is left to the next operation; when that is because the lock cannot be acquired in time or before the context is
// done, or the store is of a later format, it is a warning only.
func (m *Manager) Del(ctx context.Context, k request.Key) error {
	return m.delOrPutOff(ctx, k, hostsstore.Netns{})
}

// delOrPutOff is Del, or Leave if the container lives in a network namespace.
func (m *Manager) delOrPutOff(ctx context.Context, k request.Key, lives hostsstore.Netns) error {
	if err := k.Validate(); err != nil {
		return err
	}
	err := m.del(ctx, k, lives)
	if err == nil {
		return nil
	}
	noteErr := m.Dir.Namespace(k.Namespace).AddPending(pendingOf(k, m.KeepFiles, lives))
	switch {
	case noteErr != nil:
		return fmt.Errorf("%w; it cannot be left to the next operation: %w", err, noteErr)
	case errors.Is(err, ErrLocked), errors.Is(err, ErrNewer), ctx.Err() != nil:
		if m.Report != nil {
			m.Report.PutOff = true
		}
		m.Warnf("%v; the next operation takes the names out", err)
		return nil
	}
	return fmt.Errorf("%w; the next operation goes on with it", err)
}

func (m *Manager) del(ctx context.Context, k request.Key, lives hostsstore.Netns) error {
	if !m.Dir.Namespace(k.Namespace).Exists() {
		return nil // an ADD makes its directory before it begins
	}
	err := m.update(ctx, k.Namespace, scope{network: k.Network, ids: []string{k.ContainerID}}, func(t *tx) error {
		if t.ix.Containers[k.ContainerID] == nil {
			t.sweep(k.ContainerID)
		}
		t.aboutKey(k)
		t.finish = func() error {
			if t.isStuck(k.ContainerID) {
				return t.ns.AddPending(pendingOf(k, m.KeepFiles, lives))
			}
			return nil
		}
		if lives.Inode != 0 {
			return t.leave(k, lives, "DEL")
		}
		return t.detach(k, m.KeepFiles, "DEL")
	})
	if err == nil && lives.Inode != 0 && m.KeepFiles { // no stale name is kept
		return m.del(ctx, k, hostsstore.Netns{})
	}
	return err
}

// pendingOf is the note about the removal of an attachment that the next operation is to do.
func pendingOf(k request.Key, keep bool, lives hostsstore.Netns) hostsstore.Pending {
	return hostsstore.Pending{ID: k.ContainerID, IfName: k.IfName, Network: k.Network, Keep: keep, Lives: lives}
}

// sweep removes what is left of a container whose record is lost.
func (t *tx) sweep(id string) {
	if err := t.ns.Sweep(id); err != nil {
		t.m.Warnf("container %s: %v", id, err)
	}
}

// Remove removes a container from the store with its files, also those that an earlier Del has kept and those whose record
// is lost. It is what an administrator does by hand; the error is request.ErrInvalid when the store has nothing of the container,
// or ErrNoNamespace, and then nothing was written.
func (m *Manager) Remove(ctx context.Context, namespace, id string) error {
	if err := request.CheckContainer(namespace, id); err != nil {
		return err
	}
	has, err := m.Dir.Namespace(namespace).Has(id)
	if err != nil {
		return err
	}
	if !has {
		if _, err := m.Existing(namespace); errors.Is(err, ErrNoNamespace) {
			return err
		}
		return fmt.Errorf("container %s/%s: %w: the store has nothing of it", namespace, id, request.ErrInvalid)
	}
	err = m.update(ctx, namespace, scope{}, func(t *tx) error {
		kept, known := t.ns.Kept(id)
		files := kept.Created
		if c := t.ix.Containers[id]; c != nil {
			t.drop(c, "etcfiles rm")
		}
		for _, c := range t.dropped {
			if c.ID == id {
				files, known = append(files, c.Created...), true
			}
		}
		if !known { // whose they are nobody knows any more
			files = hostsstore.ContainerFiles()
		}
		t.finish = func() error { return errors.Join(t.ns.FinishRemoval(id, files), t.ns.ForgetKept(id)) }
		t.undo = t.finish // also what can be removed of a store that fails
		return nil
	})
	if err != nil {
		return fmt.Errorf("namespace %s: %w", namespace, err)
	}
	return nil
}

// RemoveLeft removes what keepFiles has left before a moment of containers that have no record, and returns their IDs.
func (m *Manager) RemoveLeft(ctx context.Context, namespace string, before time.Time) (removed []string, err error) {
	err = m.update(ctx, namespace, scope{}, func(t *tx) error {
		t.finish = func() error {
			list, err := t.ns.Left()
			for _, left := range list {
				if !left.Since.Before(before) {
					continue
				}
				kept, _ := t.ns.Kept(left.ID)
				e := errors.Join(t.ns.FinishRemoval(left.ID, kept.Created), t.ns.ForgetKept(left.ID))
				if e != nil {
					err = errors.Join(err, fmt.Errorf("container %s: %w", left.ID, e))
					continue
				}
				removed = append(removed, left.ID)
			}
			return err
		}
		return nil
	})
	return removed, err
}
