package ocimount

import (
	"maps"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// counting returns the state without the annotations of sandboxes that do not count: an image may bring those of another
// engine than the one that runs it.
func (h *Hook) counting(state *specs.State) *specs.State {
	if h.SandboxAnnotation == "" {
		return state
	}
	out := *state
	out.Annotations = maps.Clone(state.Annotations)
	for _, key := range []string{criSandboxID, crioSandboxID} {
		if key != h.SandboxAnnotation {
			delete(out.Annotations, key)
		}
	}
	return &out
}
