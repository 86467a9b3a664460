package conflist

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// FuzzLook: any text is looked at to its end, each fault is in one of its lines, and faults come before notes.
func FuzzLook(f *testing.F) {
	for _, pattern := range []string{"../../conflists/*.conflist", "../../integration/blackbox/testdata/config*.txtar"} {
		paths, err := filepath.Glob(pattern)
		if err != nil || len(paths) == 0 {
			f.Fatal(pattern, err)
		}
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				f.Fatal(err)
			}
			for part := range strings.SplitSeq(string(text), "\n-- ") {
				if _, part, ok := strings.Cut(part, " --\n"); ok {
					f.Add([]byte(part))
				}
			}
			f.Add(text)
		}
	}
	f.Add([]byte(`{"name":"a","cniVersion":"1.0.0","plugins":[{"type":"ptp","ipam":{"type":"host-local","subnet":"10.0.0.0/24","rangeStart":"10.0.0.255"}},{"type":"etcfiles"}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		path := given(t, "a.conflist", string(text))
		report, err := Look(path, Options{ConfDir: filepath.Dir(path), Example: Example{ID: "web"}})
		if err != nil {
			t.Fatal(err)
		}
		for _, fault := range report.Faults {
			if fault.File == path && (fault.Line < 1 || fault.Line > 1+strings.Count(string(text), "\n")) {
				t.Fatalf("%+v", fault)
			}
		}
		if !slices.IsSortedFunc(report.Faults, func(a, b Fault) int { return order(a.Note, b.Note) }) {
			t.Fatalf("%+v", report.Faults)
		}
		if _, err := LookAround(filepath.Dir(path), Options{}); err != nil {
			t.Fatal(err)
		}
	})
}
