package netconf

import (
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

// TestKeys: the keys that are described are those that are decoded, and the README and the reference page have each.
func TestKeys(t *testing.T) {
	decoded := map[string]bool{"dns": true}
	for i := range reflect.TypeFor[Conf]().NumField() {
		if name := reflect.TypeFor[Conf]().Field(i).Tag.Get("json"); name != "" && name != "-" && name != "runtimeConfig" {
			decoded[name] = true
		}
	}
	readme, reference := read(t, "../../README.md"), read(t, "../../plugins/meta/etcfiles/README.md")
	for _, k := range Keys {
		if !decoded[k.Name] {
			t.Errorf("key %s is not decoded", k.Name)
		}
		delete(decoded, k.Name)
		row := regexp.MustCompile("(?m)^\\| `" + k.Name + "` \\|.*$").FindString(readme)
		if !strings.Contains(strings.ReplaceAll(row, "`", ""), k.Default) || row == "" {
			t.Errorf("README.md: the row of key %s lacks its default, %q: %s", k.Name, k.Default, row)
		}
		if !strings.Contains(reference, "* `"+k.Name+"` ("+k.Type) {
			t.Errorf("the reference page lacks key %s (%s)", k.Name, k.Type)
		}
	}
	for name := range decoded {
		t.Errorf("key %s is not described", name)
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
