package ocihook

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPerNetwork(t *testing.T) {
	networks := []string{"lab", "back"}
	for s, want := range map[string]map[string][]string{
		"":                                   {},
		"10.0.0.5":                           {"lab": {"10.0.0.5"}},
		" 10.0.0.5/24 ,fd00::5, ":            {"lab": {"10.0.0.5/24", "fd00::5"}},
		"back=10.1.0.5,10.0.0.5":             {"back": {"10.1.0.5"}, "lab": {"10.0.0.5"}},
		"back = 10.1.0.5":                    {"back": {"10.1.0.5"}},
		"lab=02:00:00:00:00:01,back=fd00::1": {"lab": {"02:00:00:00:00:01"}, "back": {"fd00::1"}},
	} {
		got, err := perNetwork(map[string]string{AnnotationIP: s}, AnnotationIP, networks)
		if err != nil {
			t.Errorf("%q: %v", s, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", s, diff)
		}
	}
	if got, err := perNetwork(map[string]string{AnnotationIP: "front=10.0.0.5"}, AnnotationIP, networks); err == nil {
		t.Errorf("a network that the container is not on: %v, want an error", got)
	}
}
