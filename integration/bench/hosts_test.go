package main

import (
	"slices"
	"testing"
)

func TestAddresses(t *testing.T) {
	const text = "10.0.0.1\tone one.bench\n#0.0.0.2 two\n10.0.0.3 three # two\n10.0.0.4 twofold one"
	for name, want := range map[string][]string{
		"one":     {"10.0.0.1", "10.0.0.4"},
		"two":     nil,
		"three":   {"10.0.0.3"},
		"twofold": {"10.0.0.4"},
		"10.0":    nil,
	} {
		if got := addresses([]byte(text), name); !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

func TestContainersDiffer(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range everyone(maxContainers) {
		if key := c.address().String(); seen[key] {
			t.Fatalf("%s is given twice", key)
		} else {
			seen[key] = true
		}
	}
	if got := len(container(1000).line()); got < 55 || got > 70 {
		t.Errorf("a line has %d bytes, expected about %d", got, lineLength)
	}
}
