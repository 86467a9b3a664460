package inspect

import (
	"fmt"
	"maps"
	"slices"
)

// crowd is how many containers are looked at together: each that runs keeps a file descriptor meanwhile.
const crowd = 256

// unmounted returns the containers that run with another /etc/hosts than the store's. Where no container of the namespace has its own,
// nothing mounts them there, and that is a fault. Else it is a note: an engine, or the container's user, may have mounted one on purpose.
func (a *audit) unmounted() ([]Finding, error) {
	namespace := a.ns.Name()
	var list []Finding
	somebody := false
	for together := range slices.Chunk(a.inspected(), crowd) {
		sights, done, err := a.Sights(together...)
		if err != nil {
			return nil, err
		}
		for n, c := range together {
			if slices.ContainsFunc(sights[n], func(s *Sight) bool { return s.Mounted }) {
				somebody = true
				continue
			}
			i := slices.IndexFunc(sights[n], (*Sight).contained)
			if i < 0 {
				continue
			}
			s := sights[n][i]
			list = append(list, Finding{
				Namespace: namespace, ID: c.Record.ID, Name: c.Name(), Problem: HostsUnmounted,
				What: fmt.Sprintf("the hosts file of the store is not mounted in it: process %d (%s): %s", s.PID, s.Command, s.Trouble),
			})
		}
		done()
	}
	for i := range list {
		if list[i].Note = somebody; somebody {
			list[i].Do = "if that is not on purpose: etcfiles show " + namespace + "/" + list[i].ID
		} else {
			list[i].Do = "no container of the namespace has its own: install the hook etcfiles-mount, or etcfiles-nri, and start them anew"
		}
	}
	return list, nil
}

// inspected returns the containers whose records this look has read, by ID.
func (a *audit) inspected() []*Inspected {
	var list []*Inspected
	for _, id := range slices.Sorted(maps.Keys(a.read)) {
		list = append(list, inspectedOf(a.ns.Name(), a.read[id].record, a.read[id].state))
	}
	return list
}

// contained reports that the processes are those of a container and have answered: they have a root directory of their own. With
// that of the host there may be a tool of the host, or a runtime that has not yet changed it.
func (s *Sight) contained() bool { return !s.hostDir && !s.hangs }
