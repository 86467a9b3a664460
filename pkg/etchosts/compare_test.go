package etchosts

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

const (
	webLine = "192.0.2.1       web\n"
	dbLine  = "192.0.2.2       db web\n"
)

func wanted([]string) []string { return []string{webLine, dbLine} }

func written(line string) bool { return line == webLine || line == dbLine }

// TestCompare: what is wrong is called by its name.
func TestCompare(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want Difference
	}{
		"as it has to be": {"10.0.0.1 User\n# <m>\n" + webLine + dbLine + "# </m>\n", Difference{UserNames: []string{"user"}}},
		"struck":          {"# <m>\n####\n" + webLine + "##</m>\n##<m>\n" + dbLine + "# </m>\n", Difference{}},
		"empty":           {"", Difference{Missing: []string{"192.0.2.1       web", "192.0.2.2       db web"}}},
		"a line of nobody": {
			"# <m>\n" + webLine + "192.0.2.9       x\n" + dbLine + "# </m>\n", Difference{Extra: []string{"192.0.2.9       x"}},
		},
		"twice":            {"# <m>\n" + webLine + webLine + dbLine + "# </m>\n", Difference{Twice: []string{"192.0.2.1       web"}}},
		"in a wrong order": {"# <m>\n" + dbLine + webLine + "# </m>\n", Difference{Misplaced: []string{"192.0.2.2       db web"}}},
		"open":             {"# <m>\n" + webLine + dbLine, Difference{Markers: []int{1}}},
		"closed only":      {"# <m>\n" + webLine + dbLine + "# </m>\n# </m>\n", Difference{Markers: []int{5}}},
	} {
		t.Run(name, func(t *testing.T) {
			d, changed := compareAndReconcile(t, c.text)
			if diff := cmp.Diff(c.want, d, cmpopts.EquateEmpty()); diff != "" {
				t.Error(diff)
			}
			if changed == d.None() {
				t.Errorf("Reconcile changes the file: %t", changed)
			}
		})
	}
}

// FuzzCompare: there is a difference exactly where Reconcile changes the file, and none behind it.
func FuzzCompare(f *testing.F) {
	f.Add("# <m>\n" + webLine + dbLine + "# </m>\n")
	f.Add("# <m>\n# <m>\n" + dbLine + webLine + "# </m>\n1.2.3.4 web\n")
	f.Fuzz(func(t *testing.T, text string) {
		if d, changed := compareAndReconcile(t, text); changed == d.None() {
			t.Fatalf("Reconcile changes the file: %t; the difference is %+v", changed, d)
		}
	})
}

func compareAndReconcile(t *testing.T, text string) (d Difference, changed bool) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "hosts")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	compare := func() Difference {
		f, err := Open(path, "m")
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		d, err := f.Compare(Wish{Bounds: bounds, Blocks: wanted, Known: written})
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	d = compare()
	f, err := Open(path, "m")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Reconcile(Wish{Bounds: bounds, Blocks: wanted, Known: written}); err != nil {
		t.Fatal(err)
	}
	f.Close()
	after, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if rest := compare(); !rest.None() {
		t.Fatalf("after Reconcile: %+v", rest)
	}
	return d, string(after) != text
}
