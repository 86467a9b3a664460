package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
)

// printTable prints the rows: times are medians, ratios are between the times of the same row.
func printTable(w io.Writer, rows []row) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	line := func(cells ...string) { fmt.Fprintln(table, strings.Join(cells, "\t")+"\t") }
	line("", "/bin/", "", "least", "etcfiles", "ADD/", "ADD/", "etcfiles", "DEL/", "nerdctl", "nerdctl", "nerdctl",
		"nerdctl", "etcfiles")
	line("N", "true", "floor", "plugin", "ADD", "floor", "least", "DEL", "floor", "Acquire", "/ADD", "Release",
		"/DEL", "N x ADD")
	for _, r := range rows {
		line(fmt.Sprint(r.n), duration(r.forkExec), duration(r.floor), duration(r.least),
			duration(r.add), ratio(r.add, r.floor), ratio(r.add, r.least), duration(r.del), ratio(r.del, r.floor),
			duration(r.acquire), ratio(r.acquire, r.add), duration(r.release), ratio(r.release, r.del),
			duration(r.populate))
	}
	return table.Flush()
}

func duration(d time.Duration) string {
	switch {
	case d == 0:
		return "-"
	case d < time.Millisecond:
		return fmt.Sprintf("%.0fµs", float64(d)/float64(time.Microsecond))
	case d < time.Second:
		return fmt.Sprintf("%.1fms", float64(d)/float64(time.Millisecond))
	}
	return fmt.Sprintf("%.1fs", d.Seconds())
}

func ratio(a, b time.Duration) string {
	if a == 0 || b == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1fx", float64(a)/float64(b))
}
