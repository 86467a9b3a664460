package inspect

import (
	"github.com/etcfiles/etcfiles/pkg/hostsstore"
)

// Census is how much the store holds of one namespace.
type Census struct {
	Containers  int            // that live, as far as is known
	Dead        int            // whose network namespace, or boot, is no more: the next operation drops them
	Attachments map[string]int // of living containers, by network
	Pending     int            // removals that were put off until the next operation
}

// Census counts what the records of the namespace say. It takes no lock: what comes or goes meanwhile may be in it or not.
// What cannot be read goes to Warnf and is left out. Which container is dead only a process in the mount namespace of the
// container runtime can tell.
func (m *Inspector) Census(namespace string) (Census, error) {
	c := Census{Attachments: map[string]int{}}
	list, err := m.inspect(m.Dir.Namespace(namespace))
	for _, i := range list {
		if i.dead() {
			c.Dead++
			continue
		}
		c.Containers++
		for _, a := range i.Attachments {
			c.Attachments[a.Network]++
		}
	}
	if err == nil {
		var pending []hostsstore.Pending
		pending, err = m.Dir.Namespace(namespace).Pending()
		c.Pending = len(pending)
	}
	return c, err
}
