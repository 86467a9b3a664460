package conflist

import (
	"bytes"
	"errors"
	"fmt"
	"os"

	"github.com/rogpeppe/go-internal/diff"

	"github.com/etcfiles/etcfiles/pkg/safefile"
)

// ErrRewritten is the error of Apply for a file that is no longer what the edit was planned with.
var ErrRewritten = errors.New("it has been written meanwhile: try again")

// Diff returns what changes, as `diff -u` says it; "" for nothing.
func (e *Edit) Diff() string {
	if !e.Changed() {
		return ""
	}
	text := diff.Diff(e.File, e.Before, e.Target, e.After)
	if _, rest, ok := bytes.Cut(text, []byte("\n")); ok { // its first line is the command
		text = rest
	}
	return string(text)
}

// Apply makes the change, if there is one. A reader sees a file as it was or as it is then; its mode, its owner and its label of SELinux stay. The
// former file is kept before anything is written, and nothing is written if the file is not as it was when the edit was planned.
func (e *Edit) Apply() error {
	if !e.Changed() {
		return nil
	}
	now, err := safefile.ReadLinked(e.File, maxConflist)
	if err == nil && !bytes.Equal(now, e.Before) {
		err = fmt.Errorf("%s: %w", e.File, ErrRewritten)
	}
	if err != nil {
		return err
	}
	switch {
	case e.Target != e.File && e.removal:
		if e.Kept != "" {
			if err := os.Rename(e.Kept, e.Target); err != nil {
				return err
			}
		}
		return os.Remove(e.File)
	case e.Target != e.File:
		if err := e.write(e.Target, e.After); err != nil {
			return err
		}
		return os.Rename(e.File, e.Kept)
	case e.removal:
		if err := e.write(e.File, e.After); err != nil || e.Kept == "" {
			return err
		}
		return os.Remove(e.Kept)
	}
	if e.Kept != "" {
		if err := e.write(e.Kept, e.Before); err != nil {
			return err
		}
	}
	return e.write(e.File, e.After)
}

// write puts a file in place with the access of the one that is edited.
func (e *Edit) write(path string, text []byte) error {
	access, err := safefile.AccessOf(e.File)
	if err != nil {
		return err
	}
	return safefile.ReplaceAs(path, text, access, true)
}
