package counters

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

func fileIn(dir string) File { return File(filepath.Join(dir, "counters")) }

// TestCounters: nothing is made before somebody asks; then everything is counted once, also from many at once.
func TestCounters(t *testing.T) {
	file := fileIn(t.TempDir())
	one := Operation("DEL", 3*time.Millisecond, 5)
	one.Pruned = 2
	if err := file.Add(one); err != nil {
		t.Fatal(err)
	}
	if _, err := file.Read(); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("counters that nobody has asked for: %v", err)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 500 {
				if err := errors.Join(file.Start(), file.Add(one)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	got, err := file.Read()
	if err != nil {
		t.Fatal(err)
	}
	want := &Counts{Pruned: 8000}
	want.Commands[1] = CommandCounts{Operations: 4000, Duration: 4000 * 3e6}
	want.Commands[1].Failures[0] = 4000
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if err := file.Stop(); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(filepath.Dir(string(file))); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

// TestCodes: each code is counted under its own, and any other as 999.
func TestCodes(t *testing.T) {
	for _, code := range append(Codes(), 12345) {
		want := code
		if code == 12345 {
			want = 999
		}
		for i, n := range Operation("STATUS", 0, code).Failures(4) {
			if (n == 1) != (Codes()[i] == want) {
				t.Errorf("code %d is counted %d times as %d", code, n, Codes()[i])
			}
		}
	}
}

// TestAddingIsAtomic: what several mappings of the page add at the same moment is all in it.
func TestAddingIsAtomic(t *testing.T) {
	const workers, turns = 4, 100_000
	file := fileIn(t.TempDir())
	if err := file.Start(); err != nil {
		t.Fatal(err)
	}
	one := Operation("ADD", 1, 0)
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			err := file.withCells(os.O_RDWR, func(cells []uint64) {
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
	c, err := file.Read()
	if want := (CommandCounts{workers * turns, workers * turns, [codes]uint64{}}); err != nil || c.Commands[0] != want {
		t.Errorf("%v, want %v: %v", c.Commands[0], want, err)
	}
}

// TestStartingAtOnce: of several that start counting at once, none begins anew what has begun.
func TestStartingAtOnce(t *testing.T) {
	const rounds, workers = 200, 8
	one := Operation("ADD", 1, 0)
	for range rounds {
		file := fileIn(t.TempDir())
		var wg sync.WaitGroup
		for range workers {
			wg.Go(func() {
				if err := errors.Join(file.Start(), file.Add(one)); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if c, err := file.Read(); err != nil || c.Commands[0].Operations != workers {
			t.Fatalf("%v, %v", c, err)
		}
	}
}

// TestCountersThatAreCutOff: a file that loses its page under our hands is an error, not the end of the process.
func TestCountersThatAreCutOff(t *testing.T) {
	file := fileIn(t.TempDir())
	if err := file.Start(); err != nil {
		t.Fatal(err)
	}
	err := file.withCells(os.O_RDWR, func(cells []uint64) {
		if err := os.Truncate(string(file), 0); err != nil {
			t.Fatal(err)
		}
		cells[0]++
	})
	if !errors.Is(err, unix.EFAULT) {
		t.Errorf("the error is %v", err)
	}
	if err := file.Add(Operation("ADD", 0, 0)); err != nil { // no file of counters: nobody has asked
		t.Error(err)
	}
	if err := file.Start(); err != nil {
		t.Fatal(err)
	}
	if c, err := file.Read(); err != nil || *c != (Counts{}) {
		t.Errorf("made anew it has %v, %v", c, err)
	}
}

// TestCountersOfNoRegularFile: neither a link is followed nor a FIFO waited for.
func TestCountersOfNoRegularFile(t *testing.T) {
	target := fileIn(t.TempDir())
	if err := target.Start(); err != nil {
		t.Fatal(err)
	}
	for name, place := range map[string]func(path string) error{
		"link":      func(path string) error { return os.Symlink(string(target), path) },
		"FIFO":      func(path string) error { return unix.Mkfifo(path, 0o600) },
		"directory": func(path string) error { return os.Mkdir(path, 0o700) },
	} {
		file := fileIn(t.TempDir())
		if err := place(string(file)); err != nil {
			t.Fatal(err)
		}
		if err := file.Add(Operation("ADD", 0, 0)); !errors.Is(err, safefile.ErrNotRegular) {
			t.Errorf("%s: %v", name, err)
		}
		if err := file.Start(); !errors.Is(err, safefile.ErrNotRegular) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if c, err := target.Read(); err != nil || *c != (Counts{}) {
		t.Errorf("the link's target has %v, %v", c, err)
	}
}

// FuzzCounters: whatever the file holds, it is read or refused; what is refused stays as it is when somebody counts.
func FuzzCounters(f *testing.F) {
	page := append([]byte(header), make([]byte, pageSize-len(header))...)
	f.Add(page)
	f.Add(page[:pageSize-1])
	f.Add(append(bytes.Clone(page), 0))
	f.Add([]byte(header))
	f.Add(bytes.Repeat([]byte{0xff}, pageSize))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, content []byte) {
		file := fileIn(t.TempDir())
		path := string(file)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		good := len(content) == pageSize && bytes.HasPrefix(content, []byte(header))
		before, err := file.Read()
		if (err == nil) != good {
			t.Fatalf("read: %v", err)
		}
		if err := file.Add(Operation("ADD", 1, 0)); err != nil {
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
		if now, err := file.Read(); err != nil || *now != *before {
			t.Fatalf("%v, want %v: %v", now, before, err)
		}
		used := len(header) + 8*cellCount
		if !bytes.Equal(content[used:], after[used:]) {
			t.Fatal("what lies behind the counters was changed")
		}
	})
}
