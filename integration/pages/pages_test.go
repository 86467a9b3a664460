package pages

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/etcfiles/etcfiles/integration/internal/page"
)

// every runs a test for each page of the repository, with its path in the repository and its text.
func every(t *testing.T, test func(t *testing.T, name, text string)) {
	t.Helper()
	names, err := page.Paths(repository)
	if err != nil || len(names) < 10 {
		t.Fatalf("there are %d pages: %v", len(names), err)
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) { test(t, name, read(t, name)) })
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(repository, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// mostLines is how many lines the README may have.
const mostLines = 200

// TestLength: the README is short, and no line is long, but for what a program prints.
func TestLength(t *testing.T) {
	if lines := strings.Count(read(t, "README.md"), "\n"); lines > mostLines {
		t.Errorf("the README has %d lines; at most %d", lines, mostLines)
	}
	every(t, func(t *testing.T, _, text string) {
		terminal := false
		for i, line := range strings.Split(text, "\n") {
			if strings.HasPrefix(line, "```") {
				terminal = line == "```console"
			}
			if printed := terminal && !strings.HasPrefix(line, "$ "); utf8.RuneCountInString(line) > page.Columns && !printed {
				t.Errorf("line %d has %d columns; at most %d", i+1, utf8.RuneCountInString(line), page.Columns)
			}
		}
	})
}

// TestBlocks: a test runs each block of code, or the page says why none does.
func TestBlocks(t *testing.T) {
	every(t, func(t *testing.T, name, text string) {
		blocks, err := page.Blocks(filepath.Join(repository, name))
		if err != nil {
			t.Fatal(err)
		}
		names := map[string]bool{}
		for _, b := range blocks {
			switch {
			case b.Name == "" && b.Reason == "":
				t.Errorf("line %d: the block has no <!-- NAME: run by TEST --> and no <!-- not run: REASON --> in the line before it", b.Line)
			case b.Reason != "":
			case names[b.Name]:
				t.Errorf("line %d: a second block has the name %q", b.Line, b.Name)
			default:
				names[b.Name] = true
				runs(t, name, b)
			}
		}
		if said := strings.Count(text, "<!-- not run: ") + strings.Count(text, ": run by "); said != len(blocks) {
			t.Errorf("%d comments say what runs a block, and there are %d blocks", said, len(blocks))
		}
		before := ""
		for i, line := range strings.Split(text, "\n") {
			if strings.HasPrefix(line, "    ") && before == "" {
				t.Errorf("line %d: a block that is indented is not seen: put it between lines of ```", i+1)
			}
			before = line
		}
	})
}

// runs fails the test if the one that a block names is not there, or does not name the block.
func runs(t *testing.T, page string, b page.Block) {
	t.Helper()
	source, err := os.ReadFile(filepath.Join(repository, b.File))
	if err != nil {
		t.Error(err)
		return
	}
	if b.Test != "" && !strings.Contains(string(source), "\nfunc "+b.Test+"(") {
		t.Errorf("%s has no test %s", b.File, b.Test)
	}
	script := strings.HasSuffix(b.File, ".txtar")
	switch named := strings.Contains(string(source), b.Name); {
	case !named:
		t.Errorf("line %d: %s does not name the block %q", b.Line, b.File, b.Name)
	case script && !regexp.MustCompile(`(?m)^(?:explains$|(?:pasted|shown|saved) `+regexp.QuoteMeta(page)+` '?`+regexp.QuoteMeta(b.Name)+`'? )`).Match(source):
		t.Errorf("line %d: %s does not run the block %q", b.Line, b.File, b.Name)
	}
}

var (
	link    = regexp.MustCompile(`\]\(([^)]+)\)`)
	heading = regexp.MustCompile(`(?m)^#+ (.*)$`)
	fenced  = regexp.MustCompile("(?ms)^```.*?^```$")
	code    = regexp.MustCompile("`[^`\n]*`")
	notSlug = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
)

// TestLinks: every link to another place of the repository leads there.
func TestLinks(t *testing.T) {
	every(t, func(t *testing.T, name, text string) {
		for _, m := range link.FindAllStringSubmatch(code.ReplaceAllString(fenced.ReplaceAllString(text, ""), ""), -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			path, anchor, anchored := strings.Cut(m[1], "#")
			target := name
			if path != "" {
				target = filepath.Join(filepath.Dir(name), path)
			}
			if _, err := os.Stat(filepath.Join(repository, target)); err != nil {
				t.Errorf("%s: %v", m[1], err)
			} else if anchored && !anchors(read(t, target))[anchor] {
				t.Errorf("%s: there is no such heading", m[1])
			}
		}
	})
}

// anchors returns what a link may name of a page: its headings as GitHub writes them.
func anchors(text string) map[string]bool {
	found := map[string]bool{}
	for _, h := range heading.FindAllStringSubmatch(fenced.ReplaceAllString(text, ""), -1) {
		found[strings.ReplaceAll(notSlug.ReplaceAllString(strings.ToLower(h[1]), ""), " ", "-")] = true
	}
	return found
}
