package contents

import (
	"bytes"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// link is one of Markdown to another file, without what is behind #.
var link = regexp.MustCompile(`\]\(([\w./-]+)(?:#[\w-]*)?\)`)

// TestPagesLink: links from page to page lead somewhere on a machine that has the package only.
func TestPagesLink(t *testing.T) {
	files, err := Debian.documents(&Source{Root: "../.."}, nil)
	if err != nil {
		t.Fatal(err)
	}
	there, links := map[string]bool{}, map[string]string{}
	for _, f := range files {
		there[f.Path] = true
		for dir := path.Dir(f.Path); dir != "/"; dir = path.Dir(dir) {
			there[dir] = true
		}
		if f.Target != "" {
			links[f.Path] = path.Join(path.Dir(f.Path), f.Target)
		}
	}
	pages := 0
	for _, f := range files {
		if path.Ext(f.Path) != ".md" {
			continue
		}
		pages++
		for _, m := range link.FindAllStringSubmatch(string(f.Content), -1) {
			target := path.Join(path.Dir(f.Path), m[1])
			for from, to := range links {
				if rest, below := strings.CutPrefix(target, from); below {
					target = to + rest
				}
			}
			if !there[target] {
				t.Errorf("%s: %s leads to %s, which no package has", f.Path, m[1], target)
			}
		}
	}
	if pages < 10 {
		t.Errorf("there are %d pages", pages)
	}
}

// TestPageListsEveryProgram: the page on installing has all programs, and all units that can be enabled, and no others.
func TestPageListsEveryProgram(t *testing.T) {
	text, err := os.ReadFile("../../plugins/meta/etcfiles/INSTALL.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(text), "\n## What is installed\n")
	section, _, _ = strings.Cut(section, "\n## ")
	var want []string
	for _, pattern := range []string{"*.service", "*.timer", "*.path", "*.socket", "*.mount", "main.go"} {
		paths, err := filepath.Glob("../../plugins/*/*/" + pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range paths {
			text, err := os.ReadFile(p)
			switch {
			case err != nil:
				t.Fatal(err)
			case pattern == "main.go":
				want = append(want, filepath.Base(filepath.Dir(p)))
			case bytes.Contains(text, []byte("\n[Install]\n")):
				want = append(want, filepath.Base(p))
			}
		}
	}
	var listed []string
	for _, m := range regexp.MustCompile("`([a-z-]+(?:\\.[a-z]+)?)`").FindAllStringSubmatch(section, -1) {
		listed = append(listed, m[1])
	}
	slices.Sort(want)
	slices.Sort(listed)
	if got := slices.Compact(listed); !slices.Equal(got, want) {
		t.Errorf("INSTALL.md lists %q, and there are %q", got, want)
	}
}
