package oci

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/etcfiles/etcfiles/integration/internal/worlds"
)

// chaosTime makes TestChaos run in its full size.
var chaosTime = flag.Duration("chaos", 0, "how long TestChaos goes on, such as 10m, instead of one short round of each kind")

// kind says how a round ends for those who stay in it.
type kind int

const (
	plain   kind = iota // they are deleted
	emptied             // in the middle of it the data directory is emptied under them
	powered             // the machine is switched off in the middle of everything, and starts again
	kinds
)

// chaos is a machine on which all goes on at once that may, and much of it fails.
type chaos struct {
	*world
	t     *testing.T
	boots int
	tally tally

	// Of one round:
	seen     *sightings
	stays    []*running
	numbers  atomic.Int64
	over     atomic.Bool  // workers, killers and readers are to end
	emptying sync.RWMutex // exclusive while the data directory is emptied
	aiming   sync.Mutex   // from the look at processes until one of them is signalled

	mu         sync.Mutex
	unfinished []container // of which a runtime may know still, or the hook
	undetached []string    // network namespaces that cnitool is to detach
	errs       []error
}

// tally counts what has happened in all rounds.
type tally struct {
	rounds                                                    [kinds]int
	started, attached, failed, killed, stopped, filled, reads atomic.Int64
}

// TestChaos has real runtimes, with both hooks, and cnitool attach and detach containers, all at once, while gc, prune and
// check --repair clean up, the index is deleted, the disk is full, programs of ours and runtimes are killed or stopped, the
// data directory is emptied and the machine loses its power. Processes in containers that stay read their own /etc/hosts.
//
// Who stays, and so must never be missing there, are those whose start has succeeded, for those who were started since the
// data directory was emptied the last time, or before it together with them. What an emptied directory leaves to containers
// that run is their files as they were: no name is missing that was there, no later one comes. No container outlives a reboot.
func TestChaos(t *testing.T) { // alone: it leaves no processor to those beside it
	c := newChaos(t)
	length, end := time.Second, time.Now().Add(*chaosTime)
	if *chaosTime > 0 {
		length = 15 * time.Second
	}
	// The last round is a plain one: what a reboot has left comes to light in it.
	for n, k := 0, emptied; n == 0 || k != emptied || time.Now().Before(end); n, k = n+1, (k+1)%kinds {
		c.runtime = worlds.Runtimes[n%len(worlds.Runtimes)]
		c.round(k, length, rand.New(rand.NewPCG(uint64(n), 13)))
		if t.Failed() {
			t.Fatalf("in round %d, of kind %d, with %s", n, k, c.runtime)
		}
	}
	c.report()
}

func newChaos(t *testing.T) *chaos {
	t.Helper()
	c := &chaos{t: t, world: &world{dir: t.TempDir(), runtime: worlds.Runtimes[0], pending: map[string]*started{}}}
	err := errors.Join(c.makeFiles(), os.Mkdir(c.data(), 0o755))
	if err == nil {
		err = unix.Mount("tmpfs", c.data(), "tmpfs", 0, "size=2m,mode=755")
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(c.data(), 0); err != nil {
			t.Error(err)
		}
	})
	worlds.EndAfter(t, c)
	t.Cleanup(func() {
		if err := c.forgetResults(); err != nil {
			t.Error(err)
		}
	})
	for _, network := range []string{"lab", "back"} {
		if err := c.addNetwork(network, false, false); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.writePodConf(); err != nil {
		t.Fatal(err)
	}
	c.boot()
	return c
}

// boot starts the machine, with a boot ID of its own.
func (c *chaos) boot() {
	c.t.Helper()
	c.boots++
	id := c.path("boot_id")
	err := os.WriteFile(id, fmt.Appendf(nil, "33333333-3333-4333-8333-%012d\n", c.boots), 0o444)
	if err == nil {
		c.World, err = worlds.Start(filepath.Join(c.bin(), "world"), "chaos")
	}
	if err == nil {
		_, err = c.run("mount", "--bind", id, "/proc/sys/kernel/random/boot_id")
	}
	if err != nil {
		c.t.Fatal(err)
	}
}

// reboot switches the machine off, and on again. What a host has in /run is lost, the data directory is not.
func (c *chaos) reboot() {
	c.t.Helper()
	err := c.End()
	for _, dir := range []string{c.runDir(), c.state(), c.cache(), c.leases(), c.path("netns"), c.path("bundles"), c.path("boot_id")} {
		err = errors.Join(err, os.RemoveAll(dir))
	}
	if err != nil {
		c.t.Fatal(err)
	}
	c.boot()
}

// round lets everything go on at once for a time, and then looks for what is wrong.
func (c *chaos) round(k kind, length time.Duration, rng *rand.Rand) {
	c.t.Helper()
	c.seen, c.stays, c.unfinished, c.undetached = newSightings(), nil, nil, nil
	c.numbers.Store(0)
	c.over.Store(false)
	var readers, others, helpers sync.WaitGroup
	ended := make(chan struct{})
	helpers.Go(func() { c.fail(goOn(ended)) })
	defer helpers.Wait()
	defer close(ended)
	c.settle(4, rng, &readers)
	source := func() *rand.Rand { return rand.New(rand.NewPCG(rng.Uint64(), rng.Uint64())) }
	for _, work := range []func(*rand.Rand) error{c.come, c.come, c.attach, c.tidy, c.disturb, c.fill} {
		rng := source()
		others.Go(func() { c.fail(work(rng)) })
	}
	time.Sleep(length / 2)
	if k == emptied {
		c.fail(c.empty())
	}
	c.settle(2, rng, &readers)
	time.Sleep(length / 2)
	c.over.Store(true)
	if k != powered {
		others.Wait()
	}
	readers.Wait()
	if k == powered { // in the middle of what the others do
		c.reboot()
		others.Wait()
	}
	if err := errors.Join(c.errs...); err != nil {
		c.t.Fatal(err)
	}
	if k != powered {
		c.quiet()
		c.leave()
	}
	c.tally.rounds[k]++
}

func (c *chaos) fail(err error) {
	if err == nil {
		return
	}
	c.over.Store(true)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.errs = append(c.errs, err)
}

// settle starts containers that stay, each with somebody who reads its files.
func (c *chaos) settle(n int, rng *rand.Rand, readers *sync.WaitGroup) {
	c.t.Helper()
	for range n {
		var r *running
		for r == nil && !c.over.Load() {
			var err error
			if r, err = c.start("stays", rng); err != nil {
				c.fail(err)
			}
		}
		if r == nil {
			return
		}
		c.seen.stays(r)
		c.stays = append(c.stays, r)
		rng := rand.New(rand.NewPCG(rng.Uint64(), rng.Uint64()))
		readers.Go(func() {
			for !c.over.Load() {
				c.fail(c.look(r))
				time.Sleep(time.Duration(rng.Int64N(int64(20 * time.Millisecond))))
			}
		})
	}
}

// empty deletes all that is in the data directory, while no operation is at work.
func (c *chaos) empty() error {
	c.emptying.Lock()
	defer c.emptying.Unlock()
	if err := c.idlePrograms(); err != nil {
		return err
	}
	entries, err := os.ReadDir(c.data())
	for _, e := range entries {
		err = errors.Join(err, os.RemoveAll(filepath.Join(c.data(), e.Name())))
	}
	c.seen.empty()
	return err
}

func (c *chaos) report() {
	c.t.Helper()
	y := &c.tally
	if y.killed.Load() == 0 || y.stopped.Load() == 0 || y.filled.Load() == 0 || y.reads.Load() == 0 || y.attached.Load() == 0 {
		c.t.Errorf("nothing was tested: %d killed, %d stopped, %d full disks, %d reads, %d attached by cnitool",
			y.killed.Load(), y.stopped.Load(), y.filled.Load(), y.reads.Load(), y.attached.Load())
	}
	c.t.Attr("torture", fmt.Sprintf("chaos: runc, crun and cnitool attach and detach containers by the reference plugins and both hooks while %d processes "+
		"are killed and %d stopped, the disk is full %d times, the data directory emptied %d times and the power lost %d times; gc, prune and check --repair in between "+
		"| %d | %d others failed; %d reads by processes in containers that stay missed no name and found no false one; nothing was left",
		y.killed.Load(), y.stopped.Load(), y.filled.Load(), y.rounds[emptied], y.rounds[powered],
		y.started.Load()+y.attached.Load(), y.failed.Load(), y.reads.Load()))
}
