package cluster

import (
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/etcfiles/etcfiles/integration/internal/straced"
)

// TestKilledAtEachCall: a service is killed before each of its system calls that changes a file, while it takes names over and takes others out. Whoever runs
// next brings everything to what it must be; no name that stays is ever away, and etcfiles check finds nothing.
func TestKilledAtEachCall(t *testing.T) {
	t.Parallel()
	w, h1, h2 := pair(t, 1)
	h2.add("db2", 3)
	h2.sees("db2", "db db2 web")
	r := watch(h2.hosts("db"), "web", "10.231.1.2")
	most := 1 // of each name: the first shows the mechanism
	if *full {
		most = 40
	}
	killed, round := 0, 0
	for _, name := range straced.Changing {
		for number := 1; number <= most; number++ {
			point := straced.Point{Name: name, Number: number}
			h2.service.kill()
			round++
			came := fmt.Sprintf("c%d", round)
			if round > 1 {
				h1.del(fmt.Sprintf("c%d", round-1), 3+round%2)
			}
			h1.add(came, 4-round%2)
			log := h2.path("strace." + strconv.Itoa(round))
			traced := h2.ns.start(append(append([]string{"env", "GOMAXPROCS=2"}, straced.Command(log, point.Kill()...)...), h2.admin("run")...)...)
			want := came + " db db2 web"
			for deadline := time.Now().Add(patience); names(h2.hosts("db")) != want || names(h2.hosts("db2")) != want; time.Sleep(5 * time.Millisecond) {
				if traced.over() || time.Now().After(deadline) {
					break
				}
			}
			traced.kill()
			text, err := os.ReadFile(log)
			if err != nil {
				t.Fatal(err)
			}
			h2.serve()
			h2.sees("db", want)
			h2.sees("db2", want)
			var found []byte
			t.Cleanup(func() {
				if t.Failed() && len(found) > 0 {
					t.Logf("%v: %s", point, found)
				}
			})
			w.eventually(fmt.Sprintf("after a kill at %v etcfiles check finds nothing", point), func() bool {
				var err error
				if found, err = h2.ns.command("etcfiles", "check", "--data-dir", h2.path("data")).CombinedOutput(); err == nil {
					found = nil
				}
				return err == nil
			})
			if straced.Killed(string(text)) {
				killed++
				continue
			}
			break // there are no more of them
		}
	}
	r.done(w)
	t.Logf("killed %d times", killed)
	if killed < 5 {
		t.Errorf("killed %d times only", killed)
	}
}
