package pages

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var named = regexp.MustCompile("`((?:integration|pkg|plugins)/[^`:]+)(?::(\\w+))?`")

// TestTrustNamesTests: every sentence of the page on trust that says who cannot do what names tests that are there.
func TestTrustNamesTests(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(repository, "plugins/meta/etcfiles/TRUST.md"))
	if err != nil {
		t.Fatal(err)
	}
	held, _, found := strings.Cut(string(text), "\n## What is not held back\n")
	if !found {
		t.Error("the page does not say what is not held back")
	}
	statements := strings.Split(held, "\n- ")[1:]
	for _, statement := range statements {
		statement, _, _ = strings.Cut(statement, "\n\n")
		if !strings.Contains(strings.ToLower(statement), "cannot") {
			t.Errorf("it does not say who cannot do what: %s", statement)
		}
		tests := named.FindAllStringSubmatch(statement, -1)
		if len(tests) == 0 {
			t.Errorf("no test: %s", statement)
		}
		for _, test := range tests {
			source, err := os.ReadFile(filepath.Join(repository, test[1]))
			switch {
			case err != nil:
				t.Error(err)
			case strings.HasSuffix(test[1], "_test.go"):
				if test[2] == "" || !strings.Contains(string(source), "\nfunc "+test[2]+"(") {
					t.Errorf("%s has no test %q", test[1], test[2])
				}
			case !strings.HasSuffix(test[1], ".txtar"):
				t.Errorf("%s is not a test", test[1])
			}
		}
	}
	if len(statements) == 0 {
		t.Error("the page says nothing")
	}
}
