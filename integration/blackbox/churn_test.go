package blackbox

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/etcfiles/etcfiles/integration/internal/fleet"
)

const (
	stable    = 50
	comers    = 13
	churnTime = 8 * time.Second
)

// watch is what a reader of a hosts file must find at every moment.
type watch struct {
	always map[string][]string // name → exactly these addresses
	maybe  map[string][]string // name → none of them, or some
}

// check returns what is wrong with one reading of the file.
func (w watch) check(text string) error {
	found := map[string][]string{}
	for _, e := range parseHosts(text) {
		for _, name := range e.names {
			found[name] = append(found[name], e.addr)
		}
	}
	for name, want := range w.always {
		if !slices.Equal(found[name], want) {
			return fmt.Errorf("%s has %q, want %q", name, found[name], want)
		}
		delete(found, name)
	}
	for name, addrs := range found {
		for _, addr := range addrs {
			if !slices.Contains(w.maybe[name], addr) {
				return fmt.Errorf("%s has %q, which nobody has put there", name, addr)
			}
		}
	}
	return nil
}

// readLikeLibc reads the file in pieces of 4096 bytes, as stdio does, with a pause between them.
func readLikeLibc(path string, pause time.Duration) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	var text strings.Builder
	buf := make([]byte, 4096)
	for {
		n, err := f.Read(buf)
		text.Write(buf[:n])
		if errors.Is(err, io.EOF) {
			return text.String(), nil
		}
		if err != nil {
			return "", err
		}
		time.Sleep(pause)
	}
}

// reader counts the readings of a file and those that were wrong, and keeps the first of these.
type reader struct {
	reads, bad int
	first      error
	text       string
}

func (r *reader) loop(path string, w watch, pause time.Duration, stop *atomic.Bool) {
	for !stop.Load() {
		text, err := readLikeLibc(path, pause)
		if err == nil {
			err = w.check(text)
		}
		r.reads++
		if err == nil {
			continue
		}
		if r.bad++; r.first == nil {
			r.first, r.text = err, text
		}
	}
}

// TestChurn reads a container's hosts file while others come and go: at each read every stable name resolves to exactly
// its own addresses, and localhost is there (moby#17190; nerdctl's lacked a peer in 468 of 509,706 reads).
func TestChurn(t *testing.T) {
	f, w := churnFleet(t)
	path := placeOf(f.DataDir, containerID(0)).hosts()
	var stop atomic.Bool
	var wg sync.WaitGroup
	fast, slow := &reader{}, &reader{}
	wg.Go(func() { fast.loop(path, w, 0, &stop) })
	wg.Go(func() { slow.loop(path, w, time.Millisecond, &stop) })
	var ops atomic.Int64
	for i := range comers {
		wg.Go(func() {
			for turn := 0; !stop.Load() && !t.Failed(); turn++ {
				a := comer(i, turn)
				if err := errors.Join(f.Run("ADD", a), f.Run("DEL", a)); err != nil {
					t.Error(err)
				}
				ops.Add(2)
			}
		})
	}
	time.Sleep(churnTime)
	stop.Store(true)
	wg.Wait()
	t.Logf("%d operations; %d and %d reads", ops.Load(), fast.reads, slow.reads)
	for name, r := range map[string]*reader{"fast": fast, "slow": slow} {
		if r.bad > 0 {
			t.Errorf("%s reader: %d of %d reads were wrong; the first: %v\n%s", name, r.bad, r.reads, r.first, r.text)
		}
		if r.reads == 0 {
			t.Errorf("%s reader: no read at all", name)
		}
	}
	f.Check(t, stableAttachments())
}

// TestChurnFindsRewrites shows that the checker of TestChurn fails for a writer that truncates and rewrites.
func TestChurnFindsRewrites(t *testing.T) {
	path := t.TempDir() + "/hosts"
	w := churnWatch()
	full := strings.Join(stableLines(), "\n") + "\n"
	with := full + fleet.Line("10.4.200.1", containerID(900), containerID(900)+"."+churnNetwork) + "\n"
	if err := os.WriteFile(path, []byte(full), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := w.check(full); err != nil {
		t.Fatalf("the file itself is wrong: %v", err)
	}
	var stop atomic.Bool
	var wg sync.WaitGroup
	r := &reader{}
	wg.Go(func() { r.loop(path, w, 0, &stop) })
	for deadline := time.Now().Add(2 * time.Second); time.Now().Before(deadline); {
		for _, text := range []string{with, full} {
			if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	stop.Store(true)
	wg.Wait()
	if r.bad == 0 {
		t.Fatalf("none of %d reads was wrong: the checker finds nothing", r.reads)
	}
	t.Logf("%d of %d reads were wrong; the first: %v", r.bad, r.reads, r.first)
}

// churnNetwork has a long name, so that the hosts files are of several pages.
const churnNetwork = "a-network-with-a-name-so-long-that-fifty-lines-of-it.take-more-than-two-pages-of-4096-bytes-each.as-they-do-here"

func churnFleet(t *testing.T) (fleet.Fleet, watch) {
	t.Helper()
	var ids []string
	for i := range stable {
		ids = append(ids, containerID(i))
	}
	for i := range comers {
		ids = append(ids, comer(i, 0).ID)
	}
	f := newFleet(t, ids...)
	for _, a := range stableAttachments() {
		if err := f.Run("ADD", a); err != nil {
			t.Fatal(err)
		}
	}
	return f, churnWatch()
}

func stableAttachments() []fleet.Attachment {
	all := make([]fleet.Attachment, stable)
	for i := range all {
		all[i] = fleet.On(containerID(i), "eth0", churnNetwork, fmt.Sprintf("10.4.10.%d", 2+i))
	}
	return all
}

// stableLines are those of a container's file that are there all the time.
func stableLines() []string {
	lines := fleet.Localhost()
	for _, a := range stableAttachments() {
		lines = append(lines, a.Line())
	}
	return lines
}

// comer is one of those that come and go; it has another address every time, of three.
func comer(i, turn int) fleet.Attachment {
	return fleet.On(containerID(900+i), "eth0", churnNetwork, fmt.Sprintf("10.4.%d.%d", 200+turn%3, 1+i))
}

func churnWatch() watch {
	w := watch{always: map[string][]string{}, maybe: map[string][]string{}}
	for _, e := range parseHosts(strings.Join(stableLines(), "\n")) {
		for _, name := range e.names {
			w.always[name] = append(w.always[name], e.addr)
		}
	}
	for i := range comers {
		for turn := range 3 {
			a := comer(i, turn)
			for _, name := range []string{a.ID, a.ID + "." + a.Network} {
				w.maybe[name] = append(w.maybe[name], a.Addr)
			}
		}
	}
	return w
}
