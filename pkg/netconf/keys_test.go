package netconf

import (
	"flag"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the lists of the page")

const page = "../../plugins/meta/etcfiles/CONFIGURATION.md"

// TestKeys: what is read from a configuration is described.
func TestKeys(t *testing.T) {
	conf := reflect.TypeFor[Conf]()
	for i := range conf.NumField() {
		key := conf.Field(i).Tag.Get("json")
		if key == "" || key == "-" || key == "runtimeConfig" { // the last is the runtime's to write
			continue
		}
		if !slices.ContainsFunc(Keys, func(k Key) bool { return k.Name == key }) {
			t.Errorf("key %s is read and refused", key)
		}
	}
}

// TestPage: the page's lists of keys and capabilities are made of those here.
func TestPage(t *testing.T) {
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	want := replace(t, string(text), "keys", list(Keys))
	want = replace(t, want, "capabilities", list(Capabilities))
	if *update {
		if err := os.WriteFile(page, []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(want, string(text)); diff != "" {
		t.Errorf("%s (-keys.go +page; go test ./pkg/netconf -run TestPage -update):\n%s", page, diff)
	}
}

// replace puts a list between the comments that mark its place in a page.
func replace(t *testing.T, text, name, list string) string {
	t.Helper()
	before, rest, begun := strings.Cut(text, "<!-- "+name+", of pkg/netconf/keys.go -->\n")
	_, after, ended := strings.Cut(rest, "<!-- end of "+name+" -->\n")
	if !begun || !ended {
		t.Fatalf("%s has no place for the %s", page, name)
	}
	return before + "<!-- " + name + ", of pkg/netconf/keys.go -->\n" + list + "<!-- end of " + name + " -->\n" + after
}

// list describes keys in Markdown.
func list(keys []Key) string {
	var b strings.Builder
	for _, k := range keys {
		kind := k.Type
		if k.Default != "" {
			kind += ", default " + k.Default
		}
		b.WriteString(wrapped("* `" + k.Name + "` (" + kind + "): " + k.Meaning))
	}
	return b.String()
}

// wrapped breaks an item of a list between words, at 120 columns.
func wrapped(item string) string {
	var b strings.Builder
	width := 0
	for _, word := range strings.Fields(item) {
		switch {
		case width == 0:
		case width+1+len(word) > 120:
			b.WriteString("\n  ")
			width = 2
		default:
			b.WriteString(" ")
			width++
		}
		b.WriteString(word)
		width += len(word)
	}
	return b.String() + "\n"
}
