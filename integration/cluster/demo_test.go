package cluster

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestDemo: the demo comes to its end, where it says that nothing is left, also on a machine with a stale namespace of somebody else.
func TestDemo(t *testing.T) {
	t.Parallel()
	script, err := filepath.Abs(repository + "/integration/demo/cluster.sh")
	if err != nil {
		t.Fatal(err)
	}
	machine := newNamespace(t, "mkdir /run/netns; touch /run/netns/stale")
	out, err := machine.command(script).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "network namespaces: 0\n\nIt works.") || strings.Contains(string(out), "rror") || strings.Contains(string(out), "Killed") {
		t.Errorf("%v\n%s", err, out)
	}
}
