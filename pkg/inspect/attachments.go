package inspect

import (
	"cmp"
	"context"
	"net/netip"
	"slices"
	"time"
)

// Attached is an attachment of a living container.
type Attached struct {
	ID         string // of the container
	IfName     string
	Network    string
	Addresses  []netip.Addr
	Names      []string // in the order of the hosts line; of a pod those that its Kubernetes namespace sees
	Kubernetes string   // namespace of a pod; "" for what is none
	Foreign    bool     // nerdctl wrote the record
}

// Attachments reports all attachments of a namespace, by container and interface: once at the beginning, and then whenever an
// operation has changed one. Containers of which is known that they are no more are not among them, nor are those of other hosts. The
// data directory need not be there yet. It ends with nil when the context is done, or with the error of report.
func (m *Inspector) Attachments(ctx context.Context, namespace string, report func([]Attached) error) error {
	var known sight
	var last []Attached
	begun := false
	return m.Dir.Watch(ctx, func() (time.Duration, error) {
		containers, changed, again, err := m.sight(namespace, &known, begun)
		if err != nil || !changed {
			return again, err
		}
		now := []Attached{}
		for _, c := range containers {
			for _, a := range c.Attachments {
				now = append(now, Attached{c.ID, a.IfName, a.Network, a.Addresses, a.Names, c.Kubernetes, c.Foreign})
			}
		}
		slices.SortFunc(now, func(a, b Attached) int {
			return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.Network, b.Network), cmp.Compare(a.IfName, b.IfName))
		})
		if begun && slices.EqualFunc(last, now, Attached.same) {
			return again, nil
		}
		begun, last = true, now
		return again, report(slices.Clone(now))
	})
}

func (a Attached) same(b Attached) bool {
	return a.ID == b.ID && a.IfName == b.IfName && a.Network == b.Network && a.Kubernetes == b.Kubernetes && a.Foreign == b.Foreign &&
		slices.Equal(a.Addresses, b.Addresses) && slices.Equal(a.Names, b.Names)
}
