// Package pages holds the README, the pages of the programs and the shipped conflists to what they say: what is to be copied and pasted
// runs as it stands, and the networks of the examples are nobody else's.
package pages

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// repository is the root of the repository, as the tests of a package below integration see it.
const repository = "../.."

// paths returns the pages.
func paths() ([]string, error) {
	found := []string{filepath.Join(repository, "README.md")}
	for _, pattern := range []string{"plugins/*/*/*.md", "conflists/dns/*"} {
		more, err := filepath.Glob(filepath.Join(repository, pattern))
		if err != nil {
			return nil, err
		}
		found = append(found, more...)
	}
	return found, nil
}

// block returns the shell block of a page behind the comment that marks it.
func block(page, name string) (string, error) {
	text, err := os.ReadFile(page)
	if err != nil {
		return "", err
	}
	_, after, marked := strings.Cut(string(text), "<!-- "+name+" -->\n```sh\n")
	script, _, closed := strings.Cut(after, "\n```\n")
	if !marked || !closed {
		return "", fmt.Errorf("%s has no shell block marked %s", page, name)
	}
	return script, nil
}
