package pages

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

var (
	action = regexp.MustCompile(`(?m)^ *-? *uses: (.*)$`)
	pinned = regexp.MustCompile(`^([\w.-]+/[\w./-]+)@([0-9a-f]{40}) # v\d+\.\d+\.\d+$`)
)

// TestActionsArePinned: a workflow runs the commit of an Action that was looked at. A tag can be moved to another.
func TestActionsArePinned(t *testing.T) {
	workflows, err := filepath.Glob(filepath.Join(repository, ".github/workflows/*.yml"))
	if err != nil || len(workflows) == 0 {
		t.Fatalf("no workflows: %v", err)
	}
	commits := map[string]string{}
	for _, path := range workflows {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, uses := range action.FindAllSubmatch(text, -1) {
			pin := pinned.FindSubmatch(uses[1])
			if pin == nil {
				t.Errorf("%s: uses %s; want OWNER/NAME@COMMIT # vVERSION", path, uses[1])
				continue
			}
			name, commit := string(pin[1]), string(pin[2])
			if former, ok := commits[name]; ok && former != commit {
				t.Errorf("%s: uses %s at %s, another step at %s", path, name, commit, former)
			}
			commits[name] = commit
		}
	}
}
