package etcfiles

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/etcfiles/etcfiles/pkg/hostsstore"
)

// Census is how much the store holds of one namespace.
type Census struct {
	Containers  int            // that live, as far as is known
	Dead        int            // whose network namespace, or boot, is no more: the next operation drops them
	Attachments map[string]int // of living containers, by network
	Pending     int            // removals that were put off until the next operation
}

// Census counts what the records of the namespace say. It takes no lock: what comes or goes meanwhile may be in it or not. Which container is dead only a process in the mount namespace of the container runtime can tell.
func (m *Manager) Census(namespace string) (Census, error) {
	c := Census{Attachments: map[string]int{}}
	if err := (Key{Namespace: namespace, ContainerID: "none", Network: "none"}).validate(); err != nil {
		return c, err
	}
	n := m.Dir.Namespace(namespace)
	bootID, err := hostsstore.BootID()
	if err != nil {
		return c, err
	}
	ids, err := n.IDs()
	if err != nil {
		return c, err
	}
	quiet := *m // what is wrong with a record was said when it came
	quiet.Warnf = func(string, ...any) {}
	s := &session{Manager: &quiet, ns: n, ix: hostsstore.NewIndex(bootID), bootID: bootID, mntns: mountNamespace()}
	for _, id := range ids {
		r, recordErr := n.ReadRecord(id)
		switch {
		case errors.Is(recordErr, fs.ErrNotExist): // kept files, or a container that is just coming or going
		case recordErr != nil:
			err = errors.Join(err, fmt.Errorf("record of container %s: %w", id, recordErr))
		default:
			c.count(s, r)
		}
	}
	pending, pendingErr := n.Pending()
	c.Pending = len(pending)
	return c, errors.Join(err, pendingErr)
}

// count counts one record.
func (c *Census) count(s *session, r *hostsstore.Record) {
	container := s.adopt(r)
	if (r.Etcfiles != nil && r.Etcfiles.BootID != s.bootID) || gone(container.Netns, s.mntns) {
		c.Dead++
		return
	}
	c.Containers++
	for i := range container.Attachments {
		c.Attachments[container.Attachments[i].Network]++
	}
}
