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

// states returns the content of the file before and after every write that do makes.
func states(t *testing.T, f *File, path string, do func()) []string {
	t.Helper()
	list := []string{content(t, path)}
	f.wrote = func() { list = append(list, content(t, path)) }
	do()
	f.wrote = nil
	return list
}

// TestKilledWhileHealing: a process may be killed after any write of a Reconcile. The next one has the same entries and
// the same lines of the user as if nothing had happened: no line of ours is left behind outside the regions.
func TestKilledWhileHealing(t *testing.T) {
	old, list := peers(12)[:9], peers(12)
	region := func(lines ...string) string { return "# <etcfiles>\n" + strings.Join(lines, "") + "# </etcfiles>\n" }
	unclosed := "# <etcfiles>\n" + localhost + strings.Join(old, "")
	user := "192.0.2.1 printer\n"
	for name, in := range map[string]string{
		"unclosed":            unclosed,
		"unclosed, user":      user + unclosed + user,
		"unclosed, no EOL":    strings.TrimSuffix(unclosed, "\n"),
		"unclosed then whole": unclosed + region(localhost, old[0]),
		"whole then unclosed": region(localhost, old[0], old[1]) + unclosed,
		"stray end last":      localhost + strings.Join(old, "") + "# </etcfiles>\n",
		"two ends":            region(localhost, old[0]) + "# </etcfiles>\n",
		"two ends, user":      user + region(localhost, old[3]) + user + "# </etcfiles>",
		"begin twice":         "# <etcfiles>\n" + old[2] + region(localhost, old[0]),
		"struck":              region(localhost, old[0], "####################\n", "#\n", "########################################\n"),
	} {
		t.Run(name, func(t *testing.T) {
			known := func(line string) bool {
				line = strings.TrimSuffix(line, "\n") + "\n"
				return line == localhost || slices.Contains(list, line)
			}
			want := append([]string{localhost}, list[2:]...)
			f, path := openNew(t, []byte(in))
			seen := states(t, f, path, func() { reconcile(t, f, path, known, want...) })
			users := userLines(seen[len(seen)-1])
			for i, state := range seen {
				again, path := openNew(t, []byte(state))
				got := reconcile(t, again, path, known, want...)
				if entries := texts(entries(got)); !slices.Equal(sorted(entries), sorted(want)) {
					t.Errorf("killed after write %d: entries %q in\n%s", i, entries, got)
				}
				if after := userLines(got); !slices.Equal(after, users) {
					t.Errorf("killed after write %d: the user's lines are %q, want %q", i, after, users)
				}
			}
		})
	}
}

// userLines returns the lines with an address that stand outside our regions.
func userLines(data string) []string {
	ours := map[int64]bool{}
	for _, e := range entries(data) {
		ours[e.off] = true
	}
	var out []string
	var off int64
	for line := range strings.Lines(data) {
		if len(resolver(line)) > 0 && !ours[off] {
			out = append(out, strings.TrimSuffix(line, "\n"))
		}
		off += int64(len(line))
	}
	return out
}

// TestKilledWhileEditing is the same for the moves of one line.
func TestKilledWhileEditing(t *testing.T) {
	list := peers(120)
	want := append([]string{localhost}, list...)
	for i := range 40 {
		data, offsets := Render("etcfiles", []byte("192.0.2.1 printer\n"), want[:60+i])
		f, path := openNew(t, data)
		seen := states(t, f, path, func() {
			off, err := f.Append(want[60+i])
			if err != nil || off == 0 {
				t.Fatal(off, err)
			}
			if err := f.Strike(offsets[i+1], want[i+1]); err != nil {
				t.Fatal(err)
			}
			if ok, err := f.Reuse(Room{offsets[i+1], len(want[i+1])}, want[i+1]); !ok || err != nil {
				t.Fatal(ok, err)
			}
		})
		for n, state := range seen {
			again, path := openNew(t, []byte(state))
			got := reconcile(t, again, path, never, want...)
			if !slices.Equal(sorted(texts(entries(got))), sorted(want)) || len(userLines(got)) != 1 {
				t.Fatalf("killed after write %d of edit %d:\n%s", n, i, got)
			}
		}
	}
}

// TestStrikeUnknown: offset 0 says that nobody knows where the block stands.
func TestStrikeUnknown(t *testing.T) {
	data, _ := Render("etcfiles", nil, peers(2))
	f, path := openNew(t, data)
	for _, off := range []int64{-1, 0, 1, int64(len(data)) - 1, int64(len(data)), 1 << 40} {
		if err := f.Strike(off, peers(2)[0]); !errors.Is(err, ErrChanged) {
			t.Errorf("Strike at %d: %v, want ErrChanged", off, err)
		}
		if ok, err := f.Reuse(Room{off, len(peers(2)[0])}, peers(2)[0]); ok || err != nil {
			t.Errorf("Reuse at %d: %v, %v, want false", off, ok, err)
		}
	}
	if content(t, path) != string(data) {
		t.Error("the file has changed")
	}
}

// TestPageBoundaries appends at every place relative to a page boundary, blocks of one line and of several: no entry
// crosses it, whatever pages of the write are there a reader finds every older name, and no line is cut.
func TestPageBoundaries(t *testing.T) {
	blocks := map[string]string{
		"line":     peers(1)[0],
		"lines":    strings.Join(peers(20), ""),
		"one page": strings.Join(peers(90), ""),
		"pages":    strings.Join(peers(300), ""),
	}
	for name, block := range blocks {
		t.Run(name, func(t *testing.T) {
			step := 1 + len(block)/PageSize*6
			for size := PageSize - 120; size < PageSize+20; size += step {
				for _, closed := range []bool{true, false} {
					appendAt(t, size, closed, block)
				}
			}
		})
	}
}

// appendAt appends the block to a file of the size, which ends with our end marker or with a line of the user.
func appendAt(t *testing.T, size int, closed bool, block string) {
	t.Helper()
	start := "# <etcfiles>\n" + localhost
	end := "# </etcfiles>\n"
	if !closed {
		start, end = start+end, "192.0.2.1 x"
	}
	data := start + string(filler(size-len(start)-len(end))) + end
	f, path := openNew(t, []byte(data))
	w := newWatcher(path, data, block)
	f.wrote = w.wrote
	off, err := f.Append(block)
	if err != nil {
		t.Fatal(err)
	}
	got := content(t, path)
	if off > 0 && !strings.HasPrefix(got[off:], block) {
		t.Errorf("size %d: the block is not at %d", size, off)
	}
	if off == 0 && len(block) < PageSize/2 {
		t.Errorf("size %d: a small block has no offset", size)
	}
	if want := localhost + block; strings.Join(texts(entries(got)), "") != want {
		t.Errorf("size %d: wrong entries in\n%s", size, got)
	}
	noEntryCrossesAPage(t, []byte(got))
	if len(w.wrong) > 0 {
		t.Errorf("size %d: %d wrong states, the first: %s", size, len(w.wrong), w.wrong[0])
	}
}

// newWatcher watches a file to which lines may come: all that is in it is stable.
func newWatcher(path, data string, more ...string) *watcher {
	w := &watcher{path: path, before: data, stable: resolver(data), legal: map[string]bool{}, random: rand.New(rand.NewSource(1))}
	for line := range strings.Lines(data + "\n" + strings.Join(more, "")) {
		w.legal[line] = true
		w.legal[strings.TrimSuffix(line, "\n")] = true
	}
	return w
}

// TestPrefixes: of a write over bytes that are there any first part may be visible, and any mixture.
func TestPrefixes(t *testing.T) {
	list := peers(6)
	long := Format(netip.MustParseAddr("10.1.0.1"), longNames(60))
	for name, block := range map[string]string{"line": list[5], "several lines": long} {
		data, offsets := Render("etcfiles", []byte("192.0.2.1 printer\n"), append([]string{localhost, block}, list[:5]...))
		f, path := openNew(t, data)
		w := newWatcher(path, string(data))
		for name := range resolver(block) {
			delete(w.stable, name)
		}
		w.prefixes = true
		f.wrote = w.wrote
		for range 2 {
			if err := f.Strike(offsets[1], block); err != nil {
				t.Fatal(err)
			}
			if ok, err := f.Reuse(Room{offsets[1], len(block)}, block); !ok || err != nil {
				t.Fatal(ok, err)
			}
		}
		if content(t, path) != string(data) {
			t.Errorf("%s: not what it was", name)
		}
		if len(w.wrong) > 0 {
			t.Errorf("%s: %d wrong states, the first: %s", name, len(w.wrong), w.wrong[0])
		}
	}
}

func longNames(n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprintf("alias-%03d.example.com", i)
	}
	return out
}
