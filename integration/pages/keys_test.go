package pages

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/etcfiles/etcfiles/integration/internal/page"
	"github.com/etcfiles/etcfiles/pkg/netconf"
)

var update = flag.Bool("update", false, "write the lists of the page on configuration")

var configuration = filepath.Join(repository, "plugins/meta/etcfiles/CONFIGURATION.md")

// TestKeys: the lists of keys and capabilities on the page are made of those in netconf.
func TestKeys(t *testing.T) {
	text, err := os.ReadFile(configuration)
	if err != nil {
		t.Fatal(err)
	}
	want := replace(t, string(text), "keys", list(netconf.Keys))
	want = replace(t, want, "capabilities", list(netconf.Capabilities))
	if *update {
		if err := os.WriteFile(configuration, []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(want, string(text)); diff != "" {
		t.Errorf("%s (-keys.go +page; go test ./integration/pages -run TestKeys -update):\n%s", configuration, diff)
	}
}

// replace puts a list between the comments that mark its place in a page.
func replace(t *testing.T, text, name, list string) string {
	t.Helper()
	before, rest, begun := strings.Cut(text, "<!-- "+name+", of pkg/netconf/keys.go -->\n")
	_, after, ended := strings.Cut(rest, "<!-- end of "+name+" -->\n")
	if !begun || !ended {
		t.Fatalf("%s has no place for the %s", configuration, name)
	}
	return before + "<!-- " + name + ", of pkg/netconf/keys.go -->\n" + list + "<!-- end of " + name + " -->\n" + after
}

// list describes keys in Markdown.
func list(keys []netconf.Key) string {
	var b strings.Builder
	for _, k := range keys {
		kind := k.Type
		if k.Default != "" {
			kind += ", default " + k.Default
		}
		b.WriteString(page.Item("* `" + k.Name + "` (" + kind + "): " + k.Meaning))
	}
	return b.String()
}
