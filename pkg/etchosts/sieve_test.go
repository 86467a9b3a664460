package etchosts

import (
	"fmt"
	"strings"
	"testing"
)

// TestSieve: what was added is never missed, in whatever case, and most of what was not added is.
func TestSieve(t *testing.T) {
	var s Sieve
	if s.May("web") || s.May("") {
		t.Error("the zero value has a name")
	}
	added := []string{"a", "db", "Web_1", "web-7.lab", "LOCALHOST", strings.Repeat("x", 63) + ".Example"}
	s.Add(added...)
	for _, name := range added {
		if !s.May(name) || !s.May(strings.ToUpper(name)) || !s.May(strings.ToLower(name)) {
			t.Errorf("%s is missed", name)
		}
	}
	passed := 0
	for i := range 1000 {
		if s.May(fmt.Sprintf("container-%04d.lab", i)) {
			passed++
		}
	}
	if passed > 100 {
		t.Errorf("%d of 1000 names pass a sieve of %d", passed, len(added))
	}
	s.Add(make([]string, 256)...)
	if !s.May("anything") {
		t.Error("a full sieve misses a name")
	}
}
