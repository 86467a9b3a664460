package cluster

import (
	"os/exec"
	"strings"
	"testing"
)

// TestDemo: the demo comes to its end, where it says that nothing is left.
func TestDemo(t *testing.T) {
	t.Parallel()
	out, err := exec.Command(repository + "/integration/demo/cluster.sh").CombinedOutput()
	if err != nil || !strings.Contains(string(out), "network namespaces: 0\n\nIt works.") {
		t.Errorf("%v\n%s", err, out)
	}
}
