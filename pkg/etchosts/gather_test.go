package etchosts

import (
	"errors"
	"fmt"
	"math/rand"
	"net/netip"
	"slices"
	"strings"
	"testing"
)

// replica returns the line of a container that shares the alias svc with others.
func replica(n int) string {
	return Format(netip.AddrFrom4([4]byte{10, 1, byte(n >> 8), byte(n)}), []string{fmt.Sprintf("replica%d", n), "svc"})
}

// TestGather: containers that share an alias with one that stays come and go, start-first and stop-first. After each write
// every name that stays resolves to exactly its addresses, the older of two that share a name stands first, and the file
// does not grow beyond what is copied within one round.
func TestGather(t *testing.T) {
	for _, startFirst := range []bool{true, false} {
		t.Run(fmt.Sprint(startFirst), func(t *testing.T) { gather(t, startFirst) })
	}
}

func gather(t *testing.T, startFirst bool) {
	t.Helper()
	user := "192.0.2.1 printer\n"
	stay := Format(netip.MustParseAddr("10.0.0.1"), []string{"web", "svc"})
	others := peers(12)
	want := append([]string{localhost, stay}, others...)
	data, _ := Render("etcfiles", []byte(user), append(slices.Clone(want), replica(0)))
	f, path := openNew(t, data)
	limit := 4 * len(data)
	w := newWatcher(path, string(data))
	delete(w.stable, "svc")
	f.wrote = w.wrote
	most := 0
	for n := 1; n < 600; n++ {
		w.legal[replica(n)] = true
		w.stable = resolver(user + strings.Join(want, ""))
		delete(w.stable, "svc")
		strike := func() {
			off, err := f.Find(replica(n-1), 0)
			if err == nil {
				err = f.Strike(off, replica(n-1))
			}
			if err != nil {
				t.Fatal(n, err)
			}
		}
		if !startFirst {
			strike()
		}
		older := []string{stay}
		if startFirst {
			older = append(older, replica(n-1))
		}
		room, left, err := f.RoomBeyond(bounds, older, len(replica(n)))
		if err != nil {
			t.Fatal(err)
		}
		ok := room.Length > 0
		if ok {
			if ok, err = f.Reuse(room, replica(n)); err != nil {
				t.Fatal(err)
			}
		}
		if !ok {
			if _, err := f.Append(replica(n)); err != nil {
				t.Fatal(err)
			}
		}
		if startFirst {
			strike()
		}
		if len(content(t, path)) > limit/2 && left < limit/8 {
			if _, err := f.Gather(bounds); err != nil {
				t.Fatal(err)
			}
			if !doubled(t, f, append(slices.Clone(want), replica(n))...) {
				t.Fatalf("%d: nothing was copied in\n%s", n, content(t, path))
			}
			again := wish(never, append(slices.Clone(want), replica(n))...)
			again.Gathered = true
			if _, err := f.Reconcile(again); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := f.Refresh(); err != nil {
			t.Fatal(err)
		}
		most = max(most, len(content(t, path)))
		got := content(t, path)
		if a, b := texts(entries(got)), append(slices.Clone(want), replica(n)); !slices.Equal(a, b) {
			t.Fatalf("%d: entries %q, want %q", n, a, b)
		}
		if !strings.HasPrefix(got, user) {
			t.Fatalf("%d: the user's line is lost", n)
		}
	}
	if len(w.wrong) > 0 {
		t.Errorf("%d wrong states, the first: %s", len(w.wrong), w.wrong[0])
	}
	if most > limit*3/4 {
		t.Errorf("the file has grown from %d to %d bytes", len(data), most)
	}
	noEntryCrossesAPage(t, []byte(content(t, path)))
}

// doubled reports whether a patient Reconcile finds second copies, and that it leaves them.
func doubled(t *testing.T, f *File, blocks ...string) bool {
	t.Helper()
	w := wish(never, blocks...)
	w.Patient = true
	before := content(t, f.path())
	layout, err := f.Reconcile(w)
	if err != nil {
		t.Fatal(err)
	}
	if got := content(t, f.path()); got != before {
		t.Fatalf("a patient Reconcile has changed\n%s\nto\n%s", before, got)
	}
	return layout.Doubled
}

// TestGatherModel: in whatever state a file is, Gather keeps what a reader finds, in its order, and a Reconcile afterwards
// leaves the entries as they were.
func TestGatherModel(t *testing.T) {
	for seed := range int64(20) {
		random := rand.New(rand.NewSource(seed))
		list := peers(200)
		var want []string
		blocks := []string{localhost}
		for i, line := range list {
			blocks = append(blocks, line)
			if random.Intn(5) == 0 {
				want = append(want, list[i])
			}
		}
		data, _ := Render("etcfiles", []byte("192.0.2.1 printer\n"), blocks)
		f, path := openNew(t, data)
		want = append([]string{localhost}, want...)
		reconcile(t, f, path, never, want...)
		before := resolver(content(t, path))
		w := newWatcher(path, content(t, path))
		f.wrote = w.wrote
		copied, err := f.Gather(bounds)
		if err != nil || !copied {
			t.Fatal(copied, err)
		}
		if len(w.wrong) > 0 {
			t.Errorf("seed %d: %d wrong states, the first: %s", seed, len(w.wrong), w.wrong[0])
		}
		if got := resolver(content(t, path)); fmt.Sprint(got) != fmt.Sprint(before) {
			t.Errorf("seed %d: a reader gets %v, want %v", seed, got, before)
		}
		again := wish(never, want...)
		again.Gathered = true
		if _, err := f.Reconcile(again); err != nil {
			t.Fatal(err)
		}
		got := content(t, path)
		if a := texts(entries(got)); !slices.Equal(a, want) {
			t.Errorf("seed %d: entries %q, want %q", seed, a, want)
		}
		last := entries(got)
		if end := last[len(last)-1].off; end > int64(len(data))/2 {
			t.Errorf("seed %d: the last entry stands at %d of %d", seed, end, len(data))
		}
	}
}

// TestFind: a line is found wherever it stands, however wrong the guess, and what is none of the lines is not.
func TestFind(t *testing.T) {
	list := peers(1000)
	data, offsets := Render("etcfiles", []byte("192.0.2.1 printer\n"), list)
	f, path := openNew(t, data)
	for i, line := range list {
		for _, near := range []int64{-5, 0, offsets[i], int64(len(data)), 1 << 40, int64(i) * 7} {
			if off, err := f.Find(line, near); err != nil || off != offsets[i] {
				t.Fatalf("line %d, guess %d: %d, %v, want %d", i, near, off, err, offsets[i])
			}
		}
	}
	for _, line := range []string{"192.0.2.1 printer\n", "10.0.0.9        none\n", list[5][1:], list[5][:len(list[5])-1] + " x\n"} {
		if off, err := f.Find(line, 0); !errors.Is(err, ErrChanged) {
			t.Errorf("%q is found at %d, %v", line, off, err)
		}
	}
	if content(t, path) != string(data) {
		t.Error("the file has changed")
	}
}

// TestLastLine: of equal lines the last one is found, also where lines begin like it for longer than is searched for.
func TestLastLine(t *testing.T) {
	short, long := "10.0.0.1 a\n", "10.0.0.1        "+strings.Repeat("a", 40)+"\n"
	longer := strings.TrimSuffix(long, "\n") + "a\n"
	for _, test := range []struct {
		text, line string
		want       int
	}{
		{"", short, -1},
		{short, short, -1},
		{"#\n" + short, short, 2},
		{"#\n" + short + short + short, short, 2 + 2*len(short)},
		{"#\nx" + short + short + "#\n", short, 3 + len(short)},
		{"#\n" + strings.TrimSuffix(short, "\n"), short, -1},
		{"#\n" + long + longer + long + longer, long, 2 + len(long) + len(longer)},
		{"#\n" + longer + longer, long, -1},
		{"#\n" + long + longer + "x", longer, 2 + len(long)},
	} {
		if got := lastLine([]byte(test.text), test.line); got != test.want {
			t.Errorf("%q in %q: %d, want %d", test.line, test.text, got, test.want)
		}
	}
}

// TestStrikeLine: a line is struck where it is said to stand, and where nobody says it right it is found.
func TestStrikeLine(t *testing.T) {
	list := peers(2000)
	data, offsets := Render("etcfiles", nil, list)
	f, path := openNew(t, data)
	for n, at := range [][]int64{nil, {offsets[1]}, {offsets[7], -5, 1 << 40, offsets[2]}, {offsets[3] + 1, 0}, {int64(len(data)) - 3}} {
		if off, err := f.StrikeLine(list[n], at, 0); err != nil || off != offsets[n] {
			t.Errorf("%v: %d, %v, want %d", at, off, err, offsets[n])
		}
	}
	if _, err := f.StrikeLine(list[1], []int64{offsets[1]}, 0); !errors.Is(err, ErrChanged) {
		t.Errorf("what is struck is struck again: %v", err)
	}
	if got := content(t, path); strings.Count(got, "\n10.") != len(list)-5 {
		t.Errorf("%d lines live, want %d", strings.Count(got, "\n10."), len(list)-5)
	}
}
