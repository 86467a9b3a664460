package hostsstore

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/etcfiles/etcfiles/pkg/safefile"
)

// TestCounters: nothing is made before somebody asks; then everything is counted once, also from many at once.
func TestCounters(t *testing.T) {
	d := Dir(t.TempDir())
	one := Operation("DEL", 3*time.Millisecond, 5)
	one.Pruned = 2
	if err := d.Count(one); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Counts(); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("counters that nobody has asked for: %v", err)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 500 {
				if err := errors.Join(d.StartCounting(), d.Count(one)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	got, err := d.Counts()
	if err != nil {
		t.Fatal(err)
	}
	want := &Counts{Pruned: 8000}
	want.Commands[1] = CommandCounts{Operations: 4000, Duration: 4000 * 3e6}
	want.Commands[1].Failures[0] = 4000
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if err := d.StopCounting(); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(string(d)); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

// TestAddingIsAtomic: what several mappings of the page add at the same moment is all in it.
func TestAddingIsAtomic(t *testing.T) {
	const workers, turns = 4, 100_000
	d := Dir(t.TempDir())
	if err := d.StartCounting(); err != nil {
		t.Fatal(err)
	}
	one := Operation("ADD", 1, 0)
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			err := d.withCounters(os.O_RDWR, func(cells []uint64) {
				for range turns {
					one.addTo(cells)
				}
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	c, err := d.Counts()
	if want := (CommandCounts{workers * turns, workers * turns, [countedCodes]uint64{}}); err != nil || c.Commands[0] != want {
		t.Errorf("%v, want %v: %v", c.Commands[0], want, err)
	}
}

// TestStartingAtOnce: of several that start counting at once, none begins anew what has begun.
func TestStartingAtOnce(t *testing.T) {
	const rounds, workers = 200, 8
	one := Operation("ADD", 1, 0)
	for range rounds {
		d := Dir(t.TempDir())
		var wg sync.WaitGroup
		for range workers {
			wg.Go(func() {
				if err := errors.Join(d.StartCounting(), d.Count(one)); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if c, err := d.Counts(); err != nil || c.Commands[0].Operations != workers {
			t.Fatalf("%v, %v", c, err)
		}
	}
}

// TestOperationCodes: every code has a place, one that is not known that of 999; success has none.
func TestOperationCodes(t *testing.T) {
	for code, want := range map[uint][countedCodes]uint64{
		0: {}, 5: {1}, 11: {3: 1}, 100: {5: 1}, 101: {6: 1}, 999: {7: 1}, 4: {7: 1}, 1 << 30: {7: 1},
	} {
		if got := Operation("STATUS", -1, code).Commands[4]; got != (CommandCounts{1, 0, want}) {
			t.Errorf("code %d: %v", code, got)
		}
	}
}

// TestCountersThatAreCutOff: a file that loses its page under our hands is an error, not the end of the process.
func TestCountersThatAreCutOff(t *testing.T) {
	d := Dir(t.TempDir())
	if err := d.StartCounting(); err != nil {
		t.Fatal(err)
	}
	err := d.withCounters(os.O_RDWR, func(cells []uint64) {
		if err := os.Truncate(d.countersPath(), 0); err != nil {
			t.Fatal(err)
		}
		cells[0]++
	})
	if !errors.Is(err, unix.EFAULT) {
		t.Errorf("the error is %v", err)
	}
	if err := d.Count(Operation("ADD", 0, 0)); err != nil { // no file of counters: nobody has asked
		t.Error(err)
	}
	if err := d.StartCounting(); err != nil {
		t.Fatal(err)
	}
	if c, err := d.Counts(); err != nil || *c != (Counts{}) {
		t.Errorf("made anew it has %v, %v", c, err)
	}
}

// TestCountersOfNoRegularFile: neither a link is followed nor a FIFO waited for.
func TestCountersOfNoRegularFile(t *testing.T) {
	target := Dir(t.TempDir())
	if err := target.StartCounting(); err != nil {
		t.Fatal(err)
	}
	for name, place := range map[string]func(path string) error{
		"link":      func(path string) error { return os.Symlink(target.countersPath(), path) },
		"FIFO":      func(path string) error { return unix.Mkfifo(path, 0o600) },
		"directory": func(path string) error { return os.Mkdir(path, 0o700) },
	} {
		d := Dir(t.TempDir())
		if err := place(d.countersPath()); err != nil {
			t.Fatal(err)
		}
		if err := d.Count(Operation("ADD", 0, 0)); !errors.Is(err, safefile.ErrNotRegular) {
			t.Errorf("%s: %v", name, err)
		}
		if err := d.StartCounting(); !errors.Is(err, safefile.ErrNotRegular) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if c, err := target.Counts(); err != nil || *c != (Counts{}) {
		t.Errorf("the link's target has %v, %v", c, err)
	}
}

// FuzzCounters: whatever the file holds, it is read or refused; what is refused stays as it is when somebody counts.
func FuzzCounters(f *testing.F) {
	page := append([]byte(countersHeader), make([]byte, countersSize-len(countersHeader))...)
	f.Add(page)
	f.Add(page[:countersSize-1])
	f.Add(append(bytes.Clone(page), 0))
	f.Add([]byte(countersHeader))
	f.Add(bytes.Repeat([]byte{0xff}, countersSize))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, content []byte) {
		d := Dir(t.TempDir())
		path := filepath.Join(string(d), "counters")
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		good := len(content) == countersSize && bytes.HasPrefix(content, []byte(countersHeader))
		before, err := d.Counts()
		if (err == nil) != good {
			t.Fatalf("read: %v", err)
		}
		if err := d.Count(Operation("ADD", 1, 0)); err != nil {
			t.Fatal(err)
		}
		after, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !good && !bytes.Equal(content, after) {
			t.Fatal("a file that is none of counters was changed")
		}
		if !good {
			return
		}
		before.Commands[0].Operations++
		before.Commands[0].Duration++
		if now, err := d.Counts(); err != nil || *now != *before {
			t.Fatalf("%v, want %v: %v", now, before, err)
		}
		used := len(countersHeader) + 8*countedCells
		if !bytes.Equal(content[used:], after[used:]) {
			t.Fatal("what lies behind the counters was changed")
		}
	})
}
