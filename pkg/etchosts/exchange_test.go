package etchosts

import (
	"errors"
	"fmt"
	"math/rand"
	"slices"
	"strings"
	"testing"
)

// TestExchange: batches of lines come and go at random. At every write each line that stays is there; whoever is killed leaves a file that a
// Reconcile brings to what is wanted; and the file does not grow for ever, since struck lines are used again.
func TestExchange(t *testing.T) {
	random := rand.New(rand.NewSource(1))
	line := func(n int) string {
		return fmt.Sprintf("10.%d.%d.%d        remote%d remote%d.lab%s\n", n>>16, n>>8&255, n&255, n, n, strings.Repeat("x", n%7))
	}
	var live []string
	for n := range 300 {
		live = append(live, line(n))
	}
	data, _ := Render("etcfiles", []byte("192.0.2.1 printer\n"), append([]string{localhost}, live...))
	f, path := openNew(t, data)
	next, first := 300, len(data)
	for round := range 200 {
		var x Exchange
		stay := slices.Clone(live)
		for range random.Intn(12) {
			at := random.Intn(len(stay))
			x.Out = append(x.Out, stay[at])
			stay = slices.Delete(stay, at, at+1)
		}
		now := slices.Clone(stay)
		for range random.Intn(12) {
			block := line(next)
			if random.Intn(4) == 0 { // of two addresses
				block += fmt.Sprintf("fd00::%x        remote%d\n", next, next)
			}
			if next++; random.Intn(8) == 0 {
				x.Last = append(x.Last, block)
			} else {
				x.In = append(x.In, block)
			}
			now = slices.AppendSeq(now, strings.Lines(block))
		}
		seen := states(t, f, path, func() {
			if _, _, err := f.Exchange(Bounds{1 << 20, 1 << 12, 1 << 12}, x); err != nil {
				t.Fatal(err)
			}
		})
		for i, state := range seen {
			standing := texts(entries(state))
			for _, l := range append(stay, localhost) {
				if !slices.Contains(standing, l) {
					t.Fatalf("round %d: %q is missing after write %d:\n%s", round, l, i, state)
				}
			}
			if round%20 == 0 && i%5 == 0 {
				again, path := openNew(t, []byte(state))
				got := reconcile(t, again, path, never, append([]string{localhost}, now...)...)
				if !slices.Equal(sorted(texts(entries(got))), sorted(append([]string{localhost}, now...))) {
					t.Fatalf("round %d, killed after write %d:\n%s", round, i, got)
				}
			}
		}
		got := seen[len(seen)-1]
		if !slices.Equal(sorted(texts(entries(got))), sorted(append([]string{localhost}, now...))) {
			t.Fatalf("round %d:\n%s", round, got)
		}
		noEntryCrossesAPage(t, []byte(got))
		if _, err := f.Refresh(); err != nil {
			t.Fatal(err)
		}
		live = now
	}
	if size := len(content(t, path)); size > 3*first {
		t.Errorf("it has grown from %d to %d bytes", first, size)
	}
}

// TestExchangeRefuses: nothing is written into a file that is not as the caller remembers.
func TestExchangeRefuses(t *testing.T) {
	list := peers(4)
	whole := "# <etcfiles>\n" + list[0] + list[1] + "# </etcfiles>\n"
	for name, test := range map[string]struct {
		text string
		x    Exchange
	}{
		"goes and is not there":    {whole, Exchange{Out: []string{list[2]}, In: []string{list[3]}}},
		"goes and is the user's":   {list[2] + whole, Exchange{Out: []string{list[2]}}},
		"goes and is there twice":  {whole + "# <etcfiles>\n" + list[1] + "# </etcfiles>\n", Exchange{Out: []string{list[1]}}},
		"comes and is there":       {whole, Exchange{In: []string{list[2], list[1]}}},
		"comes last and is there":  {whole, Exchange{Last: []string{list[0]}, Out: []string{list[1]}}},
		"opens twice":              {"# <etcfiles>\n" + whole, Exchange{Out: []string{list[0]}}},
		"is not closed":            {whole + "# <etcfiles>\n", Exchange{Out: []string{list[0]}}},
		"closes nothing, with CR":  {whole + "# </etcfiles>\r\n", Exchange{Out: []string{list[0]}}},
		"closes nothing, no EOL":   {whole + "# </etcfiles>", Exchange{Out: []string{list[0]}}},
		"closes nothing, at first": {"# </etcfiles>\n" + whole, Exchange{Out: []string{list[0]}}},
	} {
		t.Run(name, func(t *testing.T) {
			f, path := openNew(t, []byte(test.text))
			if _, _, err := f.Exchange(Bounds{1 << 20, 1 << 12, 1 << 12}, test.x); !errors.Is(err, ErrChanged) {
				t.Error(err)
			}
			if got := content(t, path); got != test.text {
				t.Errorf("it was written:\n%s", got)
			}
		})
	}
	f, _ := openNew(t, []byte(whole))
	if _, _, err := f.Exchange(Bounds{Bytes: 8}, Exchange{}); !errors.Is(err, ErrTooLarge) {
		t.Error(err)
	}
}
