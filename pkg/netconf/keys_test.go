package netconf

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestKeys: the README and the reference page say of each key what is said here.
func TestKeys(t *testing.T) {
	readme, reference := read(t, "../../README.md"), read(t, "../../plugins/meta/etcfiles/README.md")
	for _, k := range Keys {
		row := regexp.MustCompile("(?m)^\\| `" + k.Name + "` \\|.*$").FindString(readme)
		if !strings.Contains(strings.ReplaceAll(row, "`", ""), k.Default) || row == "" {
			t.Errorf("README.md: the row of key %s lacks its default, %q: %s", k.Name, k.Default, row)
		}
		if !strings.Contains(reference, "* `"+k.Name+"` ("+k.Type) {
			t.Errorf("the reference page lacks key %s (%s)", k.Name, k.Type)
		}
	}
	for _, c := range Capabilities {
		if !strings.Contains(reference, "* `"+c.Name+"`: ") || !strings.Contains(readme, "`"+c.Name+"`") {
			t.Errorf("capability %s is not described", c.Name)
		}
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
