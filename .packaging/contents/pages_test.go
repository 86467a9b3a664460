package contents

import (
	"path"
	"regexp"
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
