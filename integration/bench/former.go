package main

import (
	"context"
	"slices"
	"time"
)

// turns is what an operation of two plugins took, again and again, one beside the other.
type turns struct{ adds, dels [2][]time.Duration }

// takeTurns adds and removes one container more by each of two plugins, in turn, so that whatever else the machine is doing falls
// on both alike. Each has a network of n containers of its own.
func takeTurns(ctx context.Context, plugins [2]*plugin, n, reps int) (turns, error) {
	var t turns
	for i := range reps + 1 {
		one := container(n + 1 + i)
		for which := range plugins {
			which = (which + i) % len(plugins) // neither is always the first
			add, err := plugins[which].run(ctx, "ADD", one)
			if err != nil {
				return t, err
			}
			del, err := plugins[which].run(ctx, "DEL", one)
			if err != nil {
				return t, err
			}
			if i > 0 { // the first is the warm-up
				t.adds[which] = append(t.adds[which], add)
				t.dels[which] = append(t.dels[which], del)
			}
		}
	}
	return t, nil
}

// paired returns the median of the ratios of the second to the first, each of one turn.
func paired(times [2][]time.Duration) float64 {
	ratios := make([]float64, len(times[0]))
	for i := range ratios {
		ratios[i] = float64(times[1][i]) / float64(times[0][i])
	}
	slices.Sort(ratios)
	return ratios[len(ratios)/2]
}
