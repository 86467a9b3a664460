package etcfiles

import (
	"context"
	"errors"

	"github.com/etcfiles/etcfiles/pkg/hostsstore"
)

// Repair compares every file of a namespace with the records, as an operation does after one that was cut off, and also
// brings a container's own hostname to its record. first is called under the lock before that.
func (m *Manager) Repair(ctx context.Context, namespace string, first func() error) error {
	return m.locked(ctx, namespace, func(t *tx) error {
		err := first()
		bootID, bootErr := hostsstore.BootID()
		if bootErr != nil {
			return bootErr
		}
		before := t.ns.ReadIndex(bootID)
		if err := t.ns.DropIndex(); err != nil {
			return err
		}
		if err := t.load(); err != nil {
			return err
		}
		if before != nil {
			t.ix.Remember(before.Departed)
		}
		t.thorough = true
		return errors.Join(err, t.commit())
	})
}
