package pages

import (
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/etcfiles/etcfiles/integration/internal/page"
)

// TestDemo: the demo prints what its page says.
func TestDemo(t *testing.T) {
	cmd := exec.Command(filepath.Join(repository, "integration/demo/demo.sh"))
	printed, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, printed)
	}
	want := page.SameForAll("\n" + block(t, "integration/demo/README.md", "demo"))
	if diff := cmp.Diff(want, page.SameForAll(string(printed))); diff != "" {
		t.Errorf("(-page +printed):\n%s", diff)
	}
}
