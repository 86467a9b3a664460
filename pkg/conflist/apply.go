package conflist

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

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
// former file is kept before anything is written, and nothing is written if the file is not as it was when the edit was planned. If it fails, all is as
// it was.
func (e *Edit) Apply() error {
	if !e.Changed() {
		return nil
	}
	now, err := safefile.ReadLinked(e.File, maxConflist)
	if err == nil && !bytes.Equal(now, e.Before) {
		err = fmt.Errorf("%s: %w", e.File, ErrRewritten)
	}
	if err == nil {
		e.access, err = safefile.AccessOf(e.File)
	}
	if err != nil {
		return err
	}
	for _, step := range e.steps() {
		if err := step.do(); err != nil {
			return errors.Join(err, e.Undo())
		}
		e.done = append(e.done, step.undo)
	}
	return nil
}

// Undo takes back what Apply has done.
func (e *Edit) Undo() error {
	var errs []error
	for _, undo := range slices.Backward(e.done) {
		errs = append(errs, undo())
	}
	e.done = nil
	return errors.Join(errs...)
}

// step is a part of an edit. One that fails changes nothing.
type step struct{ do, undo func() error }

// steps returns the parts in an order in which a reader, and an Apply after one that was cut off, finds the network at any time.
func (e *Edit) steps() []step {
	switch {
	case e.Target != e.File && e.removal && e.Kept != "":
		return []step{rename(e.Kept, e.Target), e.remove(e.File)}
	case e.Target != e.File && e.removal:
		return []step{e.remove(e.File)}
	case e.Target != e.File:
		return []step{e.put(e.Target, e.After), rename(e.File, e.Kept)}
	case e.Kept == "":
		return []step{e.put(e.File, e.After)}
	case e.removal:
		return []step{e.put(e.File, e.After), e.remove(e.Kept)}
	}
	return []step{e.put(e.Kept, e.Before), e.put(e.File, e.After)}
}

func rename(from, to string) step {
	return step{func() error { return os.Rename(from, to) }, func() error { return os.Rename(to, from) }}
}

func (e *Edit) remove(path string) step {
	var former []byte
	return step{
		func() (err error) {
			if former, err = safefile.ReadLinked(path, maxConflist); err != nil {
				return err
			}
			return os.Remove(path)
		},
		func() error { return e.write(path, former) },
	}
}

// put writes a file; taken back it has its former content, or is no more.
func (e *Edit) put(path string, text []byte) step {
	var former []byte
	made := false
	return step{
		func() (err error) {
			former, err = safefile.ReadLinked(path, maxConflist)
			if made = errors.Is(err, fs.ErrNotExist); err != nil && !made {
				return err
			}
			return e.write(path, text)
		},
		func() error {
			if made {
				return os.Remove(path)
			}
			return e.write(path, former)
		},
	}
}

// write puts a file in place with the access of the one that is edited.
func (e *Edit) write(path string, text []byte) error {
	return safefile.ReplaceAs(path, text, e.access, true)
}
