package faults

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/etcfiles/etcfiles/integration/internal/fleet"
	"github.com/etcfiles/etcfiles/integration/internal/plugin"
)

const (
	leastBound = 64 << 10        // bytes that any hosts file may have
	growth     = 4               // how much larger a file may be than what belongs into it
	graceTime  = 2 * time.Second // for which a line may stand twice
)

// TestReplaced replaces containers that share an alias with one that stays, start-first and stop-first, in a store for
// each, with kills in between. Whatever came and went, the files are as large as what is there makes them, and have the
// lines of those who stay; the index may go at any time.
func TestReplaced(t *testing.T) {
	times, every := 160, 25
	if *full {
		times, every = 20_000, 1_000
	}
	t.Run("of", func(t *testing.T) {
		for _, startFirst := range []bool{true, false} {
			t.Run(fmt.Sprintf("start first %t", startFirst), func(t *testing.T) {
				t.Parallel()
				r := newReplacing(t, every, startFirst)
				for n := 1; n <= times; n++ {
					r.replace(n)
				}
				r.report(times)
			})
		}
	})
}

// replacing is a store in which the containers that share an alias are replaced one after the other.
type replacing struct {
	t          *testing.T
	f          fleet.Fleet
	rng        *rand.Rand
	running    *processes
	startFirst bool
	every      int

	stay     []fleet.Attachment
	last     fleet.Attachment
	killNext bool
	killed   int
	began    []time.Time // of each replacement
	arrived  []int       // bytes with each
	most     int         // bytes that belonged into a file at one time
	largest  int64       // bytes of any file at any time
}

func newReplacing(t *testing.T, every int, startFirst bool) *replacing {
	t.Helper()
	r := &replacing{
		t: t, f: fleet.New(t, binary, filepath.Join(t.TempDir(), "data")), rng: rand.New(rand.NewPCG(1, 12)), running: newProcesses(),
		startFirst: startFirst, every: every,
		stay: []fleet.Attachment{
			fleet.On("web", "eth0", "lab", "10.1.0.1"),
			{ID: "replica0", IfName: "eth0", Network: "lab", Addr: "10.1.0.2", Alias: shared},
		},
		last: replica(0),
	}
	for _, a := range append(r.stay, r.last) {
		r.do("ADD", a)
	}
	return r
}

// replica returns the container that is there after the n-th replacement.
func replica(n int) fleet.Attachment {
	return fleet.Attachment{
		ID: fmt.Sprintf("replica-of-the-service-%d", n), IfName: "eth0", Network: "lab", Alias: shared,
		Addr: fmt.Sprintf("10.1.%d.%d", 1+n/250%250, 1+n%250), // an address comes again after a long time
	}
}

func (r *replacing) call(verb string, a fleet.Attachment) plugin.Call {
	p := r.f.CallIn(noNetns, verb, a, nil)
	p.Env = append(p.Env, "CNI_NETNS_OVERRIDE=1")
	return p
}

func (r *replacing) do(verb string, a fleet.Attachment) {
	r.t.Helper()
	if err := r.call(verb, a).SucceedSilently(); err != nil {
		r.t.Fatal(err)
	}
}

// replace makes the n-th replacement, and checks the files.
func (r *replacing) replace(n int) {
	r.t.Helper()
	next := replica(n)
	r.began = append(r.began, time.Now())
	r.arrived = append(r.arrived, len(next.Line())+1)
	r.killNext = r.killNext || n%r.every == 0
	steps := []func(){func() { r.step("ADD", next) }, func() { r.step("DEL", r.last) }}
	if !r.startFirst {
		slices.Reverse(steps)
	}
	for _, step := range steps {
		step()
		r.sizes()
	}
	r.last = next
	if n%r.every == r.every/2 {
		if err := os.RemoveAll(filepath.Join(r.f.DataDir, "index", "default")); err != nil {
			r.t.Fatal(err)
		}
	}
	if n%r.every < 2 {
		r.exact()
	}
}

// step runs an operation, or has it killed and does what a runtime does then.
func (r *replacing) step(verb string, a fleet.Attachment) {
	r.t.Helper()
	if !r.killNext || (verb == "ADD") != (r.killed%2 == 0) {
		r.do(verb, a)
		return
	}
	if !r.kill(verb, a) {
		return // it was faster: the next one will not be
	}
	r.killed++
	r.killNext = false
	r.staying()
	if verb == "ADD" {
		r.do("DEL", a)
	}
	r.do(verb, a)
}

// kill runs an operation and kills it while it holds the lock. It reports whether it came in time.
func (r *replacing) kill(verb string, a fleet.Attachment) bool {
	r.t.Helper()
	cmd := r.call(verb, a).Cmd(r.t.Context())
	wait, err := plugin.Start(cmd)
	if err != nil {
		r.t.Fatal(err)
	}
	r.running.add(cmd.Process)
	defer r.running.remove(cmd.Process)
	over := make(chan struct{})
	caught := make(chan error, 1)
	go func() { caught <- r.killHolder(over) }()
	reply, err := wait()
	close(over)
	if caught := <-caught; caught != nil {
		r.t.Fatal(caught)
	}
	if err != nil || !reply.Killed() && (reply.Failed() || reply.Stderr != "") {
		r.t.Fatalf("%s %v: %v: %v%s", verb, a, err, reply.Error, reply.Stderr)
	}
	return reply.Killed()
}

// killHolder kills who takes the lock, until it is over, a moment later.
func (r *replacing) killHolder(over <-chan struct{}) error {
	for {
		select {
		case <-over:
			return nil
		default:
		}
		process, err := r.running.stopHolder(filepath.Join(r.f.DataDir, "etchosts", "default"))
		if err != nil {
			return err
		}
		if process == nil {
			continue
		}
		_ = process.Signal(syscall.SIGCONT) // it goes on for a moment, so that kills are not all at its first call
		time.Sleep(time.Duration(r.rng.Int64N(int64(3 * time.Millisecond))))
		_ = process.Kill() // it may have ended
		return nil
	}
}

// files are the hosts files of those who stay, and that of the network.
func (r *replacing) files() []string {
	return []string{r.f.Hosts(r.stay[0]), r.f.Hosts(r.stay[1]), r.f.NetworkHosts(r.stay[0])}
}

// sizes compares the sizes of the files with what is there and what has come within a grace time.
func (r *replacing) sizes() {
	r.t.Helper()
	late := 0
	for i := len(r.began) - 1; i >= 0; i-- {
		late += r.arrived[i]
		if time.Since(r.began[i]) > graceTime {
			break // the operation that is the first after it is in, too
		}
	}
	for _, path := range r.files() {
		info, err := os.Stat(path)
		if err != nil {
			r.t.Fatal(err)
		}
		r.largest = max(r.largest, info.Size())
		if bound := int64(max(leastBound, growth*r.most) + late); info.Size() > bound {
			r.t.Fatalf("after %d replacements %s has %d bytes, more than %d", len(r.began), path, info.Size(), bound)
		}
	}
}

// staying finds lines of those who stay that are missing.
func (r *replacing) staying() {
	r.t.Helper()
	for _, path := range r.files() {
		have := r.entries(path)
		for _, a := range r.stay {
			if !hasNames(have, a) {
				r.t.Fatalf("%s has no %q:\n%s", path, a.Line(), strings.Join(have, "\n"))
			}
		}
	}
}

func hasNames(have []string, a fleet.Attachment) bool {
	return slices.ContainsFunc(have, func(l string) bool {
		words := strings.Fields(l)
		return words[0] == a.Addr && slices.Contains(words[1:], a.ID)
	})
}

func (r *replacing) entries(path string) []string {
	r.t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		r.t.Fatal(err)
	}
	return fleet.Entries(string(b))
}

// exact compares the files with what has to be there: the oldest of those who share a name is the first, and a line may
// stand twice for a grace time.
func (r *replacing) exact() {
	r.t.Helper()
	live := append(slices.Clone(r.stay), r.last)
	want := r.f.Files(live)
	for _, path := range r.files() {
		belongs := 0
		for _, l := range want[path] {
			belongs += len(l) + 1
		}
		r.most = max(r.most, belongs)
		have := r.entries(path)
		once := slices.Compact(sorted(have))
		if !slices.Equal(once, sorted(want[path])) || len(have) > 2*len(want[path]) {
			r.t.Fatalf("after %d replacements %s has\n%s\nand not\n%s", len(r.began), path, strings.Join(have, "\n"), strings.Join(want[path], "\n"))
		}
		first := slices.IndexFunc(have, func(l string) bool { return strings.HasSuffix(l, " "+shared) })
		if first < 0 || strings.Fields(have[first])[0] != r.stay[1].Addr {
			r.t.Fatalf("%s: the newer one stands first:\n%s", path, strings.Join(have, "\n"))
		}
	}
}

// report gives the test its row.
func (r *replacing) report(times int) {
	r.t.Helper()
	r.exact()
	if r.t.Failed() {
		return
	}
	if r.killed < times/r.every/2 {
		r.t.Errorf("only %d operations were killed", r.killed)
	}
	way := "the old one stopped first"
	if r.startFirst {
		way = "the new one started first"
	}
	part := min(1_000, times/4)
	spent := func(from int) time.Duration { return r.began[from+part-1].Sub(r.began[from]) }
	row(r.t, fmt.Sprintf("a container that shares an alias with one that stays is replaced, %s; kill -9 of %d of the operations, the index deleted as often", way, r.killed), times,
		fmt.Sprintf("no name of those who stay was missing; no hosts file had more than %d KiB; the last %d took %.2f times as long as the first",
			(r.largest+1023)>>10, part, spent(times-part).Seconds()/spent(0).Seconds()))
}
