package conflists

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/etcfiles/etcfiles/integration/internal/page"
)

// TestLean does what the page on faster starts says, as it stands: two containers find each other, and reach what is outside by the one rule
// alone; they leave no rule, and the way back leaves none at all.
func TestLean(t *testing.T) {
	const path = shipped + "/masquerade/README.md"
	h := newHost(t)
	steps := map[string]string{"there.sh": "lean", "back.sh": "lean, back"}
	for file, name := range steps {
		block, err := page.Find(path, name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(h.dir, file), []byte(block), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	script, err := filepath.Abs("testdata/lean.sh")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("nsenter", "--net=/run/netns/"+h.netns, "unshare", "--mount", "--propagation", "private",
		script, h.dir, newNetns(t, "web"), newNetns(t, "db"), newNetns(t, "outside"))
	cmd.Dir = filepath.Join("..", "..")
	cmd.Env = append(os.Environ(), "CNI_PATH="+h.plugin)
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.HasSuffix(string(out), "nothing is left\n") {
		t.Errorf("%v\n%s", err, out)
	}
}
