package setup

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/etcfiles/etcfiles/pkg/conflist"
	"github.com/etcfiles/etcfiles/pkg/safefile"
)

// write plans a file with the content, unless it has it.
func (h *Host) write(p *Plan, path, what string, content []byte) error {
	before, err := h.read(path)
	if err != nil {
		return err
	}
	if before != nil && bytes.Equal(before, content) {
		p.There = append(p.There, path)
		return nil
	}
	s := Step{Verb: "write", Path: path, What: what}
	if before != nil {
		s.Verb = "change"
	}
	dirs := h.missing(path)
	s.note = func(r *record) {
		if _, ours := r.Files[path]; before == nil || ours {
			r.Files[path] = digest(string(content))
		}
		add(&r.Directories, dirs...)
	}
	var made []string
	s.do = func() (err error) {
		if made, err = makeDirs(filepath.Dir(h.in(path))); err == nil {
			err = replace(h.in(path), content)
		}
		return errors.Join(err, removeDirsIf(err != nil, made))
	}
	s.undo = func() error {
		if before != nil {
			return replace(h.in(path), before)
		}
		return errors.Join(os.Remove(h.in(path)), removeDirsIf(true, made))
	}
	p.Steps = append(p.Steps, s)
	return nil
}

// link plans a symbolic link, also in place of one that setup has made and that leads nowhere now.
func (h *Host) link(p *Plan, path, target, what string) error {
	former := ""
	if _, err := os.Lstat(h.in(path)); err == nil {
		if !h.linked(&p.record, path) {
			return fmt.Errorf("%s is there already, and leads to no program: move it away", path)
		}
		former = p.record.Links[path]
	}
	var made []string
	dirs := h.missing(path)
	p.Steps = append(p.Steps, Step{
		Verb: "link", Path: path, What: what,
		note: func(r *record) {
			r.Links[path] = target
			add(&r.Directories, dirs...)
		},
		do: func() (err error) {
			if made, err = makeDirs(filepath.Dir(h.in(path))); err == nil && former != "" {
				err = os.Remove(h.in(path))
			}
			if err == nil {
				if err = os.Symlink(target, h.in(path)); err != nil && former != "" {
					err = errors.Join(err, os.Symlink(former, h.in(path)))
				}
			}
			return errors.Join(err, removeDirsIf(err != nil, made))
		},
		undo: func() error {
			err := os.Remove(h.in(path))
			if err == nil && former != "" {
				err = os.Symlink(former, h.in(path))
			}
			return errors.Join(err, removeDirsIf(true, made))
		},
	})
	return nil
}

// remove plans that a file or a link goes, and with it those directories above it that setup has made and that are empty then, but for one that a
// runtime watches: containerd ends when that is gone ("cni conf dir is removed").
func (h *Host) remove(p *Plan, path, what string) {
	var content []byte
	var target string
	p.Steps = append(p.Steps, Step{
		Verb: "remove", Path: path, What: what,
		note: func(r *record) {
			delete(r.Files, path)
			delete(r.Links, path)
		},
		do: func() (err error) {
			if target, err = os.Readlink(h.in(path)); err != nil {
				if content, err = h.read(path); err != nil {
					return err
				}
			}
			if err := os.Remove(h.in(path)); err != nil {
				return err
			}
			for dir := filepath.Dir(path); slices.Contains(p.record.Directories, dir) && !h.watched(dir); dir = filepath.Dir(dir) {
				if os.Remove(h.in(dir)) != nil { // something else is in it
					break
				}
			}
			return nil
		},
		undo: func() error {
			if _, err := makeDirs(filepath.Dir(h.in(path))); err != nil {
				return err
			}
			if target != "" {
				return os.Symlink(target, h.in(path))
			}
			return replace(h.in(path), content)
		},
	})
}

// watched reports whether a directory is one of conflists, and there is a runtime that watches it.
func (h *Host) watched(dir string) bool {
	return filepath.Base(dir) == "net.d" && (h.containerd().program != "" || h.command("crio") != "")
}

// edit plans an edit of a conflist.
func (h *Host) edit(p *Plan, path, what string, e *conflist.Edit) {
	p.Steps = append(p.Steps, Step{
		Verb: "change", Path: path, What: what, do: e.Apply, undo: e.Undo,
		note: func(r *record) {
			drop(&r.Conflists, path)
			if !e.Removal() {
				add(&r.Conflists, listPath(path, e))
			}
		},
	})
}

// listPath returns the path of what an edit makes of the configuration at a path, which stays a link if it is one.
func listPath(path string, e *conflist.Edit) string {
	if e.Target == e.File {
		return path
	}
	return filepath.Join(filepath.Dir(path), filepath.Base(e.Target))
}

// replace writes a file, and if it is there, or a link leads to it, with its access.
func replace(path string, content []byte) error {
	resolved, err := filepath.EvalSymlinks(path)
	if errors.Is(err, fs.ErrNotExist) {
		return safefile.Replace(path, content, 0o644, true)
	}
	if err != nil {
		return err
	}
	access, err := safefile.AccessOf(resolved)
	if err != nil {
		return err
	}
	return safefile.ReplaceAs(resolved, content, access, true)
}

// makeDirs makes a directory and those above it, and returns those that it has made, the topmost first.
func makeDirs(dir string) (made []string, err error) {
	for above := dir; ; above = filepath.Dir(above) {
		if _, err := os.Stat(above); err == nil || above == "/" {
			break
		}
		made = append(made, above)
	}
	slices.Reverse(made)
	return made, os.MkdirAll(dir, 0o755)
}

// removeDirsIf removes directories that are empty, if it is to be.
func removeDirsIf(wanted bool, dirs []string) error {
	if !wanted {
		return nil
	}
	var errs []error
	for _, dir := range slices.Backward(dirs) {
		errs = append(errs, safefile.Remove(dir))
	}
	return errors.Join(errs...)
}
