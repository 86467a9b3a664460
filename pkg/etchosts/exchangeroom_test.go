package etchosts

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestExchangeRoom: lines that follow one another use the room that others have left, also those that have to stand behind all: a file that
// was gathered has it at its end. Lines of one block stand in their order, and what has to be behind all that lived is.
func TestExchangeRoom(t *testing.T) {
	block := func(n int) string {
		var b strings.Builder
		for i := range 40 { // more than a page, which no room is
			fmt.Fprintf(&b, "10.1.%d.%d        remote%d-%d %s svc\n", n, i, n, i, strings.Repeat("x", 60+n%7))
		}
		return b.String()
	}
	offsets := func(text, block string) []int {
		var out []int
		for line := range strings.Lines(block) {
			out = append(out, strings.Index(text, "\n"+line)+1)
		}
		return out
	}
	stays := peers(4)
	for _, last := range []bool{false, true} {
		t.Run(fmt.Sprint("last ", last), func(t *testing.T) {
			old := block(0)
			data, _ := Render("etcfiles", []byte("192.0.2.1 printer\n"), append(slices.Clone(stays), old))
			f, path := openNew(t, data)
			size := 0
			for n := 1; n < 120; n++ {
				next := block(n)
				x := Exchange{Out: slices.Collect(strings.Lines(old))}
				if last {
					x.Last = []string{next}
				} else {
					x.In = []string{next}
				}
				lived := offsets(content(t, path), strings.Join(stays, "")+old)
				if _, _, err := f.Exchange(bounds, x); err != nil {
					t.Fatal(n, err)
				}
				text := content(t, path)
				stand := offsets(text, next)
				if !slices.IsSorted(stand) || stand[0] == 0 {
					t.Fatalf("%d: the lines stand at %v", n, stand)
				}
				if last && stand[0] < slices.Max(lived) {
					t.Fatalf("%d: a line stands at %d, before one that lived at %d", n, stand[0], slices.Max(lived))
				}
				noEntryCrossesAPage(t, []byte(text))
				if n%3 == 0 {
					want := append(slices.Clone(stays), next)
					if _, err := f.Gather(bounds); err != nil {
						t.Fatal(err)
					}
					again := wish(never, want...)
					again.Gathered = true
					if _, err := f.Reconcile(again); err != nil {
						t.Fatal(err)
					}
				}
				if _, err := f.Refresh(); err != nil {
					t.Fatal(err)
				}
				if n == 60 {
					size = len(text)
				}
				old = next
			}
			if now := len(content(t, path)); now > size+PageSize {
				t.Errorf("it has grown from %d to %d bytes", size, now)
			}
		})
	}
}
