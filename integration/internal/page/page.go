// Package page reads the pages of the repository and the blocks of code in them.
//
// A comment in front of a block says which test runs it as it stands, or why none does:
//
//	<!-- NAME: run by FILE[:TEST] -->
//	<!-- not run: REASON -->
package page

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Block is a block of code of a page.
type Block struct {
	Line     int    // of the page, in which the block begins
	Name     string // of the block, "" if it is not run
	File     string // of the test that runs it, from the root of the repository
	Test     string // its function, "" if the file is a script
	Reason   string // why it is not run
	Language string // as the page has it, such as sh
	Text     string // with a newline at its end
}

var (
	run    = regexp.MustCompile(`^<!-- ([^:]+): run by ([^ :]+)(?::(\w+))? -->$`)
	notRun = regexp.MustCompile(`^<!-- not run: (.+) -->$`)
)

// Paths returns the paths of all pages below the root of the repository, relative to it.
func Paths(root string) ([]string, error) {
	var found []string
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		name, relErr := filepath.Rel(root, path)
		switch {
		case err != nil:
			return err
		case relErr != nil:
			return relErr
		case entry.IsDir() && (name == "bin" || name == "dist" || name == ".git"):
			return filepath.SkipDir
		case filepath.Ext(name) == ".md":
			found = append(found, name)
		}
		return nil
	})
	return found, err
}

// Blocks returns the blocks of a page, which stand between lines of ```.
func Blocks(path string) ([]Block, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var found []Block
	var open *Block // that is being read
	before := ""
	for i, line := range strings.Split(string(text), "\n") {
		trimmed := strings.TrimSpace(line)
		language, fence := strings.CutPrefix(trimmed, "```")
		switch {
		case open == nil && fence:
			open = newBlock(i+1, before, language)
		case fence:
			found, open = append(found, *open), nil
		case open != nil:
			open.Text += line + "\n"
		}
		before = trimmed
	}
	if open != nil {
		return nil, fmt.Errorf("%s:%d: the block does not end", path, open.Line)
	}
	return found, nil
}

// newBlock makes a block of the line in front of it.
func newBlock(line int, marker, language string) *Block {
	b := &Block{Line: line, Language: language}
	if said := run.FindStringSubmatch(marker); said != nil {
		b.Name, b.File, b.Test = said[1], said[2], said[3]
	}
	if said := notRun.FindStringSubmatch(marker); said != nil {
		b.Reason = said[1]
	}
	return b
}

// Find returns the text of the block of a page that has the name.
func Find(path, name string) (string, error) {
	blocks, err := Blocks(path)
	if err != nil {
		return "", err
	}
	i := slices.IndexFunc(blocks, func(b Block) bool { return b.Name == name })
	if i < 0 {
		return "", fmt.Errorf("%s has no block with the name %q", path, name)
	}
	return blocks[i].Text, nil
}
