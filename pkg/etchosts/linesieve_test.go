package etchosts

import (
	"fmt"
	"testing"
)

// TestLineSieve: what was added is never missed, and most of what was not added is.
func TestLineSieve(t *testing.T) {
	var s lineSieve
	var added []string
	for i := range 100 {
		added = append(added, fmt.Sprintf("10.0.%d.7        web%d web%d.lab\n", i, i, i), fmt.Sprintf("2001:db8:1:2:3:4:5:%x a\n", i))
	}
	for _, line := range append(added, "", "\n", "::1 a\n", "::12 a\n", "10.0.0.1 aaaaaa\n") {
		s.add([]byte(line))
		if !s.may([]byte(line)) {
			t.Errorf("%q is missed", line)
		}
	}
	passed := 0
	for i := range 1000 {
		for _, line := range []string{fmt.Sprintf("10.1.%d.%d        db%d db%d.lab\n", i/256, i%256, i, i), fmt.Sprintf("2001:db8:1:2:3:4:6:%x a\n", i)} {
			if s.may([]byte(line)) {
				passed++
			}
		}
	}
	if passed > 100 {
		t.Errorf("%d of 2000 lines pass a sieve of %d", passed, len(added))
	}
}
