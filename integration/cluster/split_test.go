package cluster

import (
	"slices"
	"testing"
	"time"
)

// TestSplitBrain: one host is alone with one member of three. It keeps the names that it has and says that etcd is away; to the others it has died. When
// the wire is whole again, all have exactly what is there.
func TestSplitBrain(t *testing.T) {
	if !*full { // which looks at the time too
		t.Parallel()
	}
	for name, leads := range map[string]bool{"follower": false, "leader": true} {
		t.Run(name, func(t *testing.T) {
			if !*full {
				t.Parallel()
			}
			splitBrain(t, leads)
		})
	}
}

// splitBrain cuts off a host with a member. It is one that does not lead, and the other hosts ask only the members on their side: then the time to live is to
// hold. Or it is the leader, which is all that the host asks, while the others ask any member and have to find out which one keeps silent.
func splitBrain(t *testing.T, leads bool) {
	w := newWorld(t, 3, 3)
	h1, h2, h3 := w.hosts[0], w.hosts[1], w.hosts[2]
	h1.add("c1", 2)
	h2.add("c2", 2)
	h3.add("c3", 2)
	with, lease := w.leader(), ttl
	if leads {
		h1.config["endpoints"] = []string{with.client()}
		lease = 3 * ttl // so that it outlives two requests to the silent one
	} else {
		var others []string
		at := slices.Index(w.members, with)
		with = w.members[(at+1)%3]
		for _, m := range w.members {
			if m != with {
				others = append(others, m.client())
			}
		}
		h2.config["endpoints"], h3.config["endpoints"] = others, others
	}
	for _, h := range w.hosts {
		h.config["ttl"] = lease.String()
		h.serve()
	}
	h1.sees("c1", "c1 c2 c3")
	h2.sees("c2", "c1 c2 c3")
	h3.sees("c3", "c1 c2 c3")
	minority, majority := watch(h1.hosts("c1"), "c2", "10.231.2.2"), watch(h2.hosts("c2"), "c3", "10.231.3.2")

	w.move("side", h1.name, with.name)
	begin := time.Now()
	h2.sees("c2", "c2 c3")
	took := time.Since(begin)
	t.Logf("the names of the host had gone after %v, with leases of %v", took, lease)
	if *full && !leads && took > lease+time.Second {
		t.Errorf("the names of the host had gone after %v, with leases of %v: want at most a second more", took, lease)
	}
	h2.add("new", 3)
	h2.add("passing", 4)
	h2.del("passing", 4)
	h3.sees("c3", "c2 c3 new")
	h2.well()
	h3.well()
	h1.add("alone", 3)
	h1.says("fault: ")
	h1.sees("c1", "alone c1 c2 c3")
	h1.sees("alone", "alone c1 c2 c3")

	w.move("lan", h1.name, with.name)
	for i, h := range w.hosts {
		h.sees([]string{"c1", "c2", "c3"}[i], "alone c1 c2 c3 new")
		h.well()
	}
	minority.done(w)
	majority.done(w)
}
