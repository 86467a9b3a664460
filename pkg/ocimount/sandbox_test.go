package ocimount

import (
	"maps"
	"slices"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/etcfiles/etcfiles/pkg/ocistate"
)

// TestCounting: of the annotations that name a pod only the one counts that the argument says; all others stay.
func TestCounting(t *testing.T) {
	for argument, want := range map[string][]string{
		"":                           {criSandboxID, crioSandboxID, "other"},
		criSandboxID:                 {criSandboxID, "other"},
		crioSandboxID:                {crioSandboxID, "other"},
		ocistate.NoSandboxAnnotation: {"other"},
	} {
		state := &specs.State{ID: "web", Annotations: map[string]string{criSandboxID: "a", crioSandboxID: "b", "other": "c"}}
		got := slices.Sorted(maps.Keys((&Hook{SandboxAnnotation: argument}).counting(state).Annotations))
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%q: %v count, want %v", argument, got, want)
		}
		if len(state.Annotations) != 3 {
			t.Errorf("%q: the state has changed: %v", argument, state.Annotations)
		}
	}
}
