package etchosts

import (
	"fmt"
	"math/rand"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
)

// resolver is what a reader makes of a hosts file, as glibc's files backend does.
func resolver(data string) map[string][]string {
	out := map[string][]string{}
	for line := range strings.Lines(data) {
		Names(line, func(addr netip.Addr, name string) {
			if !slices.Contains(out[name], addr.String()) {
				out[name] = append(out[name], addr.String())
			}
		})
	}
	return out
}

// watcher checks every state of a file that a reader may see while it is edited.
type watcher struct {
	path     string
	before   string
	stable   map[string][]string // names that must resolve at every instant, to exactly these
	legal    map[string]bool     // lines that may be alive
	prefixes bool                // check first parts of a write in place, too
	random   *rand.Rand
	states   int
	wrong    []string
}

func (w *watcher) check(data string) {
	w.states++
	got := resolver(data)
	for name, want := range w.stable {
		if !slices.Equal(sorted(got[name]), sorted(want)) {
			w.wrong = append(w.wrong, fmt.Sprintf("%s resolves to %v, want %v", name, got[name], want))
		}
	}
	for line := range strings.Lines(data) {
		if line[0] != '#' && line != "\n" && !w.legal[line] {
			w.wrong = append(w.wrong, fmt.Sprintf("a line %q that nobody wrote", line))
		}
	}
}

// wrote is called after a write: it checks the new state and what a reader may see of the write before it is done.
func (w *watcher) wrote() {
	b, err := os.ReadFile(w.path)
	if err != nil {
		w.wrong = append(w.wrong, err.Error())
	}
	after := string(b)
	if len(after) == len(w.before) { // in place: any mixture of old and new bytes
		for range 10 {
			mixed := []byte(after)
			for i := range mixed {
				if w.random.Intn(2) == 0 {
					mixed[i] = w.before[i]
				}
			}
			w.check(string(mixed))
		}
		for i := range after {
			if w.prefixes && after[i] != w.before[i] && w.random.Intn(4) == 0 {
				w.check(after[:i] + w.before[i:])
			}
		}
	}
	for n := len(w.before)/PageSize*PageSize + PageSize; n < len(after); n += PageSize { // an append: whole pages
		w.check(after[:n])
	}
	w.check(after)
	w.before = after
}

// TestInvariant makes random changes to a file of several pages and looks at it after every single write, and at what a
// reader may see of a write that is not done: a name that is there before and after an operation resolves at every
// instant during it, to exactly its own addresses.
func TestInvariant(t *testing.T) {
	states := 0
	for seed := range int64(8) {
		states += churn(t, seed, seed == 0)
	}
	t.Logf("%d states", states)
}

func churn(t *testing.T, seed int64, prefixes bool) int {
	t.Helper()
	random := rand.New(rand.NewSource(seed))
	all := peers(160)
	present := map[int]int64{} // peer to offset
	blocks := []string{localhost}
	for i := range 100 {
		blocks = append(blocks, all[i])
	}
	data, offsets := Render("etcfiles", []byte("192.0.2.1 printer\n"), blocks)
	for i := range 100 {
		present[i] = offsets[i+1]
	}
	f, path := openNew(t, data)
	w := &watcher{path: path, before: string(data), legal: map[string]bool{localhost: true, "192.0.2.1 printer\n": true}, random: random, prefixes: prefixes}
	for _, line := range all {
		w.legal[line] = true
	}
	f.wrote = w.wrote
	var free []int64
	for range 60 {
		i := random.Intn(len(all))
		off, there := present[i]
		w.stable = stable(all, present, i)
		switch {
		case random.Intn(10) == 0:
			w.reconcile(t, f, all, present)
			free = nil
			continue
		case there:
			if err := f.Strike(off, all[i]); err != nil {
				t.Fatal(err)
			}
			delete(present, i)
			free = append(free, off)
		default:
			present[i] = w.add(t, f, all[i], &free)
		}
	}
	if len(w.wrong) > 0 {
		t.Errorf("seed %d: %d wrong states, the first: %s", seed, len(w.wrong), w.wrong[0])
	}
	noEntryCrossesAPage(t, []byte(content(t, path)))
	if got := len(entries(content(t, path))); got != len(present)+1 {
		t.Errorf("seed %d: %d entries, want %d", seed, got, len(present)+1)
	}
	return w.states
}

func stable(all []string, present map[int]int64, except int) map[string][]string {
	lines := localhost + "192.0.2.1 printer\n"
	for i := range present {
		if i != except {
			lines += all[i]
		}
	}
	return resolver(lines)
}

// add lets a line come, in the room of a struck one if there is any.
func (w *watcher) add(t *testing.T, f *File, line string, free *[]int64) int64 {
	t.Helper()
	if len(*free) > 0 {
		off := (*free)[0]
		*free = (*free)[1:]
		if done, err := f.Reuse(Room{off, len(line)}, line); err != nil {
			t.Fatal(err)
		} else if done {
			return off
		}
	}
	if _, err := f.Refresh(); err != nil {
		t.Fatal(err)
	}
	off, err := f.Append(line)
	if err != nil {
		t.Fatal(err)
	}
	return off
}

// reconcile exchanges some peers at once and keeps the others.
func (w *watcher) reconcile(t *testing.T, f *File, all []string, present map[int]int64) {
	t.Helper()
	for i := range all {
		if w.random.Intn(8) != 0 {
			continue
		}
		w.stable = intersect(w.stable, stable(all, present, i))
		if _, there := present[i]; there {
			delete(present, i)
		} else {
			present[i] = 0
		}
	}
	want, numbers := []string{localhost}, []int{}
	for i := range all {
		if _, there := present[i]; there {
			want, numbers = append(want, all[i]), append(numbers, i)
		}
	}
	if _, err := f.Refresh(); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Reconcile(wish(never, want...)); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Refresh(); err != nil {
		t.Fatal(err)
	}
	for _, i := range numbers {
		off, err := f.Find(all[i], w.random.Int63n(f.state.Size))
		if err != nil {
			t.Fatal(err)
		}
		present[i] = off
	}
}

func intersect(a, b map[string][]string) map[string][]string {
	out := map[string][]string{}
	for name, addresses := range a {
		if _, ok := b[name]; ok {
			out[name] = addresses
		}
	}
	return out
}

// TestInvariantFindsRewrites: the watcher would find a writer that truncates the file and writes it anew.
func TestInvariantFindsRewrites(t *testing.T) {
	data, _ := Render("etcfiles", nil, append([]string{localhost}, peers(100)...))
	_, path := openNew(t, data)
	w := &watcher{path: path, before: string(data), stable: resolver(string(data)), random: rand.New(rand.NewSource(1))}
	w.legal = map[string]bool{}
	for line := range strings.Lines(string(data)) {
		w.legal[line] = true
	}
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	w.wrote()
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	w.wrote()
	if len(w.wrong) < len(w.stable) {
		t.Fatalf("%d wrong states found in a rewrite", len(w.wrong))
	}
}
