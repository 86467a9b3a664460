package pages

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestExamples: etcfiles config finds nothing to say of the conflists of the pages.
func TestExamples(t *testing.T) {
	whole := block(t, "README.md", "conflist")
	var list map[string]any
	if err := json.Unmarshal([]byte(whole), &list); err != nil {
		t.Fatal(err)
	}
	var part any
	if err := json.Unmarshal([]byte(block(t, "plugins/meta/etcfiles/CONFIGURATION.md", "example")), &part); err != nil {
		t.Fatal(err)
	}
	plugins := list["plugins"].([]any)
	plugins[len(plugins)-1] = part
	changed, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"README.md": whole, "CONFIGURATION.md": string(changed)} {
		path := filepath.Join(t.TempDir(), "10-lab.conflist")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		bin := filepath.Join(repository, "bin")
		out, err := exec.Command(filepath.Join(bin, "etcfiles"), "config", path, "--bin-dir", filepath.Join(bin, "cni")).CombinedOutput()
		if err != nil || !strings.HasPrefix(string(out), path+": nothing is wrong\n") {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}
