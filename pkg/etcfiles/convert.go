package etcfiles

import (
	"context"
	"fmt"

	"github.com/etcfiles/etcfiles/pkg/hostsstore"
	"github.com/etcfiles/etcfiles/pkg/request"
)

// Convert writes the records of a namespace, or of all for "", in an earlier format, for the version that reads no later one.
// What earlier operations left is done first. The error is request.ErrInvalid for a format that cannot be written, or one of
// Existing.
func (m *Manager) Convert(ctx context.Context, namespace string, format int) error {
	if format != hostsstore.FormerVersion {
		return fmt.Errorf("format %d: %w: %d can be written", format, request.ErrInvalid, hostsstore.FormerVersion)
	}
	namespaces, err := m.Existing(namespace)
	if err != nil {
		return err
	}
	return Each(ctx, namespaces, func(name string) error {
		return m.update(ctx, name, scope{}, func(t *tx) error {
			t.finish = t.ns.WriteFormer
			return nil
		})
	})
}
