package netconf

import (
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestReadmesListEveryKey: the table of the README, the plugin's reference page and what is accepted agree.
func TestReadmesListEveryKey(t *testing.T) {
	want := []string{"capabilities", "dns"} // of CNI, with a meaning of ours
	conf := reflect.TypeFor[Conf]()
	for i := range conf.NumField() {
		key := conf.Field(i).Tag.Get("json")
		if key == "" || key == "-" || key == "runtimeConfig" { // the last is the runtime's to write
			continue
		}
		if !slices.ContainsFunc(Keys, func(k Key) bool { return k.Name == key }) {
			t.Errorf("key %s is read and refused", key)
		}
		want = append(want, key)
	}
	slices.Sort(want)
	for _, page := range []struct {
		path, section string
		entry         string // what a key stands in
		without       []string
		besides       []string
	}{
		{"../../README.md", "## Configuration\n", "(?m)^\\| `(\\w+)` \\|", nil, nil},
		{"../../plugins/meta/etcfiles/README.md", "## Network configuration reference\n", "(?m)^\\* `(\\w+)` \\(", []string{"capabilities"}, []string{"type"}},
	} {
		text, err := os.ReadFile(page.path)
		if err != nil {
			t.Fatal(err)
		}
		_, section, _ := strings.Cut(string(text), page.section)
		section, _, _ = strings.Cut(section, "\n## ")
		var have []string
		for _, m := range regexp.MustCompile(page.entry).FindAllStringSubmatch(section, -1) {
			have = append(have, m[1])
		}
		slices.Sort(have)
		expected := slices.DeleteFunc(slices.Concat(want, page.besides), func(key string) bool { return slices.Contains(page.without, key) })
		slices.Sort(expected)
		if diff := cmp.Diff(expected, have); diff != "" {
			t.Errorf("%s (-accepted +listed):\n%s", page.path, diff)
		}
	}
}
