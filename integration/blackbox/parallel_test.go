package blackbox

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/etcfiles/etcfiles/integration/internal/fleet"
)

const (
	processes  = 64
	operations = 2000
)

// addresses hands out the addresses of networks as an IPAM plugin does: each is free again after the DEL.
type addresses struct {
	mu   sync.Mutex
	free map[string][]string
}

func newAddresses(size int, networks ...string) *addresses {
	a := &addresses{free: map[string][]string{}}
	for n, network := range networks {
		for i := range size {
			a.free[network] = append(a.free[network], fmt.Sprintf("10.%d.1.%d", 10+n, 2+i))
		}
	}
	return a
}

func (a *addresses) take(network string) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	list := a.free[network]
	a.free[network] = list[1:]
	return list[0]
}

// give puts the address at the front, so that the next container is handed what another has just left.
func (a *addresses) give(network, addr string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.free[network] = append([]string{addr}, a.free[network]...)
}

// TestParallelProcesses lets 64 processes at once do 2,000 operations, and compares every file with what must be in it:
// moby#18214, moby#17190 (incomplete files, lost localhost lines), nerdctl#3518, #2908, nomad#6567 (racing plugins).
func TestParallelProcesses(t *testing.T) {
	networks := []string{"net0", "net1", "net2", "net3"}
	ids := make([]string, processes/2)
	for i := range ids {
		ids[i] = containerID(i)
	}
	f := newFleet(t, ids...)
	pool := newAddresses(processes, networks...)

	// Each worker has one attachment of its own; two workers share a container.
	final := make([]fleet.Attachment, processes)
	errs := make([]error, processes)
	rng := rand.New(rand.NewPCG(1, 2))
	turns := shares(rng)
	var wg sync.WaitGroup
	for w := range processes {
		a := fleet.Attachment{ID: ids[w/2], IfName: fmt.Sprintf("eth%d", w%2), Network: networks[(w/2+w%2)%len(networks)]}
		wg.Go(func() {
			final[w], errs[w] = comeAndGo(f, a, turns[w], pool)
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	var live []fleet.Attachment
	for _, a := range final {
		if a.Addr != "" {
			live = append(live, a)
		}
	}
	t.Logf("%d attachments are left", len(live))
	f.Check(t, live)

	// When all are gone, nothing is left.
	for _, a := range live {
		wg.Go(func() {
			if err := f.Run("DEL", a); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	checkEmpty(t, f)
}

// shares parts the operations among the workers, evenly but for one or two, so that some end attached and some not.
func shares(rng *rand.Rand) []int {
	turns := make([]int, processes)
	for i := range turns {
		turns[i] = operations / processes
	}
	for range operations % processes {
		turns[rng.IntN(processes)]++
	}
	return turns
}

// comeAndGo attaches and detaches by turns. Some DELs have neither prevResult nor namespace, as containerd's second has.
func comeAndGo(f fleet.Fleet, a fleet.Attachment, turns int, pool *addresses) (fleet.Attachment, error) {
	for turn := range turns {
		if a.Addr == "" {
			a.Addr = pool.take(a.Network)
			if err := f.Run("ADD", a); err != nil {
				return a, fmt.Errorf("turn %d: %w", turn, err)
			}
			continue
		}
		del := a
		if turn%3 == 0 {
			del.Addr = ""
		}
		c := f.Call("DEL", del, nil)
		if turn%3 == 0 {
			c.Netns = ""
		}
		if _, err := c.Succeed(); err != nil {
			return a, fmt.Errorf("turn %d: %w", turn, err)
		}
		pool.give(a.Network, a.Addr)
		a.Addr = ""
	}
	return a, nil
}

func checkEmpty(t *testing.T, f fleet.Fleet) {
	t.Helper()
	left, err := takeSnapshot(f.DataDir)
	if err != nil {
		t.Error(err)
	}
	for path, content := range left {
		t.Errorf("%s is left: %s", strings.TrimPrefix(path, f.DataDir), content)
	}
}

// TestParallelStarts starts 200 containers at once: moby#18214, moby#17190.
func TestParallelStarts(t *testing.T) {
	const n = 200
	ids := make([]string, n)
	for i := range ids {
		ids[i] = containerID(i)
	}
	f := newFleet(t, ids...)
	live := make([]fleet.Attachment, n)
	slots := make(chan struct{}, processes)
	var wg sync.WaitGroup
	for i, id := range ids {
		live[i] = fleet.On(id, "eth0", "lab", fmt.Sprintf("10.4.10.%d", 2+i))
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			if err := f.Run("ADD", live[i]); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	f.Check(t, live)
}

// TestParallelNetworksOfOneContainer does what go-cni does though the specification forbids it: all networks of one
// container at once (aardvark-dns#403, nerdctl#3556), eight times over.
func TestParallelNetworksOfOneContainer(t *testing.T) {
	const n = 8
	f := newFleet(t, "one", "peer")
	all := make([]fleet.Attachment, n, n+1)
	for i := range all {
		all[i] = fleet.On("one", fmt.Sprintf("eth%d", i), fmt.Sprintf("net%d", i), fmt.Sprintf("10.%d.0.2", 20+i))
	}
	peer := fleet.On("peer", "eth0", "net3", "10.23.0.3")
	if err := f.Run("ADD", peer); err != nil {
		t.Fatal(err)
	}
	together := func(command string) {
		var wg sync.WaitGroup
		for _, a := range all {
			wg.Go(func() {
				if err := f.Run(command, a); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
	}
	for range n {
		together("ADD")
		f.Check(t, append(all, peer))
		together("DEL")
		f.Check(t, []fleet.Attachment{peer})
		if t.Failed() {
			return
		}
	}
}
