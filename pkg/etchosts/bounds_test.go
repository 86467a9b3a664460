package etchosts

import (
	"errors"
	"math"
	"os"
	"sort"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestBounds: a file at its bounds is served, one beyond them is left as it is.
func TestBounds(t *testing.T) {
	begin, end := Marker("etcfiles").Begin(), Marker("etcfiles").End()
	const n = 20
	for name, c := range map[string]struct {
		bounds   Bounds
		at, over string
	}{
		"bytes":   {Bounds{Bytes: 100, Lines: n, Names: 1000}, strings.Repeat("x", 100), strings.Repeat("x", 101)},
		"lines":   {Bounds{Bytes: 1000, Lines: n, Names: 1000}, begin + strings.Repeat("x\n", n) + end, begin + strings.Repeat("x\n", n+1) + end},
		"markers": {Bounds{Bytes: 1000, Lines: n, Names: 1000}, strings.Repeat(begin, n), strings.Repeat(begin, n+1)},
		"names":   {Bounds{Bytes: 1000, Lines: n, Names: 2 * (3 + nameCost)}, "::1 abc def ABC\n", "::1 abc\n::1 def\n::1 abc ghi\n"},
	} {
		t.Run(name, func(t *testing.T) {
			want := func([]string) []string { return []string{localhost} }
			f, path := openNew(t, []byte(c.at))
			if _, err := f.Reconcile(Wish{Bounds: c.bounds, Blocks: want, Known: never}); err != nil || !strings.Contains(content(t, path), "\n"+localhost) {
				t.Errorf("at the bound: %v\n%s", err, content(t, path))
			}
			f, path = openNew(t, []byte(c.over))
			if _, err := f.Reconcile(Wish{Bounds: c.bounds, Blocks: want, Known: never}); !errors.Is(err, ErrTooLarge) {
				t.Errorf("beyond the bound: %v", err)
			}
			if _, _, err := f.Content(c.bounds); !errors.Is(err, ErrTooLarge) {
				t.Errorf("the content beyond the bound: %v", err)
			}
			if got := content(t, path); got != c.over {
				t.Errorf("beyond the bound the file became %q", got)
			}
		})
	}
}

// TestRoomIsBounded: of more room than is remembered, that which is too small is forgotten first.
func TestRoomIsBounded(t *testing.T) {
	struck := strings.Repeat("#", len(localhost)-1) + "\n"
	text := Marker("etcfiles").Begin() + strings.Repeat("#\n\n", 2*maxRooms) + struck + strings.Repeat(struck+"\n", 2*maxRooms) + Marker("etcfiles").End()
	p, err := parse("etcfiles", text, bounds, never)
	if err != nil {
		t.Fatal(err)
	}
	if len(p.room) != maxRooms || p.room[0].Length < len(localhost) {
		t.Errorf("%d slots, the first %v", len(p.room), p.room[0])
	}
}

// TestSettle: a state is not taken for known when somebody else has written meanwhile.
func TestSettle(t *testing.T) {
	for name, other := range map[string]func(t *testing.T, path string) error{
		"appended": func(t *testing.T, path string) error { writeEnd(t, path, "192.0.2.1 a\n"); return nil },
		"cut":      func(_ *testing.T, path string) error { return os.Truncate(path, 20) },
	} {
		t.Run(name, func(t *testing.T) {
			for _, when := range []string{"before the last write", "after it", "never"} {
				data, _ := Render("etcfiles", nil, []string{localhost})
				f, path := openNew(t, data)
				if when == "before the last write" {
					if err := other(t, path); err != nil {
						t.Fatal(err)
					}
				}
				if _, err := f.Append(peers(1)[0]); err != nil {
					t.Fatal(err)
				}
				if when == "after it" {
					if err := other(t, path); err != nil {
						t.Fatal(err)
					}
				}
				state, err := f.Settle()
				if err != nil || (state != State{}) != (when == "never") {
					t.Errorf("%s: %v, %v", when, state, err)
				}
			}
		})
	}
}

// TestAppendBeyondLargest: that somebody else makes a file as large as can be is no lack of room on the disk.
func TestAppendBeyondLargest(t *testing.T) {
	for _, room := range []int{0, 5} {
		f, path := openNew(t, nil)
		largest := sort.Search(math.MaxInt, func(size int) bool { return os.Truncate(path, int64(size)+1) != nil })
		if err := os.Truncate(path, int64(largest-room)); err != nil {
			t.Fatal(err)
		}
		if _, err := f.Append(localhost); !errors.Is(err, unix.EFBIG) {
			t.Errorf("%d bytes below the largest size: %v", room, err)
		}
	}
}
