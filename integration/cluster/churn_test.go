package cluster

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// full is for make torture.
var full = flag.Bool("full", false, "read a stable name a million times under churn, have 20 hosts join at once, look at how soon a lost host is dropped, and upgrade etcd from 3.4 on")

// TestChurn: while containers come and go on every host, and services and members of etcd are killed at random, a name that stays is there at every moment,
// and in the end every host has exactly what there is.
func TestChurn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 3, 3)
	type container struct {
		h      *host
		number int
	}
	live := map[string]container{}
	for i, h := range w.hosts {
		h.add(fmt.Sprintf("stay%d", i+1), 2)
		live[fmt.Sprintf("stay%d", i+1)] = container{h, 2}
		h.serve()
	}
	for i, h := range w.hosts {
		h.sees(fmt.Sprintf("stay%d", i+1), "stay1 stay2 stay3")
	}
	var readers []*reader
	for i, h := range w.hosts {
		other := (i + 1) % 3
		readers = append(readers, watch(h.hosts(fmt.Sprintf("stay%d", i+1)), fmt.Sprintf("stay%d", other+1), fmt.Sprintf("10.231.%d.2", other+1)))
	}
	reads, end := int64(0), time.Now().Add(8*time.Second)
	if *full {
		reads, end = 1_000_000, time.Now().Add(time.Hour)
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	next := 3
	for done := int64(0); time.Now().Before(end) && (reads == 0 || done < reads); {
		h := w.hosts[random.IntN(3)]
		switch what := random.IntN(10); {
		case what < 5 && next < 250:
			id := fmt.Sprintf("c%d", next)
			h.add(id, next)
			live[id] = container{h, next}
			next++
		case what < 8 || next >= 250:
			for id, c := range live {
				if !strings.HasPrefix(id, "stay") {
					c.h.del(id, c.number)
					delete(live, id)
					break
				}
			}
			if next >= 250 && len(live) == 3 {
				next = 3
			}
		case what == 8:
			h.service.kill()
			h.serve()
		default:
			m := w.members[random.IntN(3)]
			m.kill()
			time.Sleep(time.Duration(random.IntN(1000)) * time.Millisecond)
			m.start()
		}
		time.Sleep(time.Duration(random.IntN(30)) * time.Millisecond)
		done = 0
		for _, r := range readers {
			done += r.reads.Load()
			if r.failed() {
				end = time.Now()
			}
		}
	}
	w.ready()
	var names []string
	for id := range live {
		names = append(names, id)
	}
	slices.Sort(names)
	for i, h := range w.hosts {
		h.sees(fmt.Sprintf("stay%d", i+1), strings.Join(names, " "))
		h.well()
	}
	for _, r := range readers {
		r.done(w)
	}
}

// TestJoin: many hosts that begin at one moment all come to know each other.
func TestJoin(t *testing.T) {
	t.Parallel()
	count := 6
	if *full {
		count = 20
	}
	w := newWorld(t, 1, count)
	var names []string
	for i, h := range w.hosts {
		id := fmt.Sprintf("c%02d", i+1)
		h.add(id, 2)
		h.configure()
		names = append(names, id)
	}
	for _, h := range w.hosts {
		h.serve()
	}
	for i, h := range w.hosts {
		h.sees(names[i], strings.Join(names, " "))
	}
	for _, h := range w.hosts {
		h.service.end(syscall.SIGTERM)
	}
}
