package main

import (
	"fmt"
	"io"
	"time"
)

// The bar, in ratios between times of one run.
const (
	barSize    = 1000
	barFloor   = 5.0
	barNerdctl = 50.0
	barLeast   = 2.0
)

// printBar prints each part of the bar and whether this run meets it; false means that a part was measured and missed.
func printBar(w io.Writer, rows []row) bool {
	at := func(n int) row {
		for _, r := range rows {
			if r.n == n {
				return r
			}
		}
		return row{}
	}
	large, one := at(barSize), at(1)
	parts := []struct {
		what   string
		a, b   time.Duration
		bound  float64
		atMost bool
	}{
		{fmt.Sprintf("ADD at N=%d at most %.0fx the floor", barSize, barFloor), large.add, large.floor, barFloor, true},
		{fmt.Sprintf("DEL at N=%d at most %.0fx the floor", barSize, barFloor), large.del, large.floor, barFloor, true},
		{
			fmt.Sprintf("ADD at N=%d at least %.0fx faster than nerdctl", barSize, barNerdctl),
			large.acquire, large.add, barNerdctl, false,
		},
		{
			fmt.Sprintf("DEL at N=%d at least %.0fx faster than nerdctl", barSize, barNerdctl),
			large.release, large.del, barNerdctl, false,
		},
		{fmt.Sprintf("ADD at N=1 at most %.0fx the least plugin", barLeast), one.add, one.least, barLeast, true},
		{fmt.Sprintf("DEL at N=1 at most %.0fx the least plugin", barLeast), one.del, one.least, barLeast, true},
	}
	all := true
	fmt.Fprintln(w, "\nThe bar:")
	for _, p := range parts {
		verdict := "not measured"
		if p.a > 0 && p.b > 0 {
			verdict = "met"
			if got := float64(p.a) / float64(p.b); p.atMost && got > p.bound || !p.atMost && got < p.bound {
				verdict, all = "NOT met", false
			}
			verdict = fmt.Sprintf("%s: %s", ratio(p.a, p.b), verdict)
		}
		fmt.Fprintf(w, "  %-46s %s\n", p.what, verdict)
	}
	printGrowth(w, rows)
	return all
}

// printGrowth prints how the costs grow between the two largest networks: with N is the same ratio, with N² its square.
func printGrowth(w io.Writer, rows []row) {
	if len(rows) < 2 {
		return
	}
	a, b := rows[len(rows)-2], rows[len(rows)-1]
	fmt.Fprintf(w, "  Growth from N=%d to N=%d (%.1fx): floor %s, ADD %s, DEL %s\n", a.n, b.n,
		float64(b.n)/float64(a.n), ratio(b.floor, a.floor), ratio(b.add, a.add), ratio(b.del, a.del))
}
