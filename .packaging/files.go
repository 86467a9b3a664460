package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// file is a file as it will be installed.
type file struct {
	path    string // absolute
	mode    fs.FileMode
	content []byte
	target  string // of a symbolic link, else ""
	config  bool   // the administrator's to change
}

// files returns what a package of the layout has, ordered by path.
func (l *layout) files(r *release) ([]file, error) {
	var out []file
	places := map[string]string{}
	for _, p := range r.programs {
		place, err := l.place(p)
		if err != nil {
			return nil, err
		}
		content, err := os.ReadFile(p.path)
		if err != nil {
			return nil, err
		}
		places[p.name] = place
		out = append(out, file{path: place, mode: 0o755, content: content})
		if p.kind == "meta" { // which is also its own admin tool
			link := l.bin + "/" + p.name
			out = append(out, file{path: link, mode: 0o777, target: symlink(link, place)})
		}
	}
	for _, part := range []func(*release, map[string]string) ([]file, error){l.unitFiles, l.documents, l.licenses, l.manuals} {
		files, err := part(r, places)
		if err != nil {
			return nil, err
		}
		out = append(out, files...)
	}
	slices.SortFunc(out, func(a, b file) int { return strings.Compare(a.path, b.path) })
	for i := range len(out) - 1 {
		if out[i].path == out[i+1].path {
			return nil, fmt.Errorf("two files are to be %s", out[i].path)
		}
	}
	return out, nil
}

// documents are the pages, where the links between them lead, and examples.
func (l *layout) documents(r *release, _ map[string]string) ([]file, error) {
	var out []file
	add := func(pattern, dir string, flat bool) error {
		paths, err := filepath.Glob(filepath.Join(r.source, pattern))
		if err != nil {
			return err
		}
		for _, p := range paths {
			name, err := filepath.Rel(r.source, p)
			if err != nil {
				return err
			}
			if flat {
				name = filepath.Base(p)
			}
			content, err := os.ReadFile(p)
			if err != nil {
				return err
			}
			out = append(out, file{path: dir + "/" + name, mode: 0o644, content: content})
		}
		return nil
	}
	logrotate, config := l.logrotate, true
	if logrotate == "" {
		logrotate, config = l.doc+"/examples", false
	}
	for _, err := range []error{
		add("README.md", l.doc, false), add("plugins/*/*/*.md", l.doc, false), add(".github/*.svg", l.doc, false), add("conflists/*.conflist", l.doc+"/examples", true),
		add("conflists/dns/*", l.doc+"/examples/dns", true),
	} {
		if err != nil {
			return nil, err
		}
	}
	documents := len(out)
	if err := add("plugins/*/*/*.logrotate", logrotate, true); err != nil {
		return nil, err
	}
	for i := range out[documents:] {
		f := &out[documents+i]
		f.config = config
		if config {
			f.path = strings.TrimSuffix(f.path, ".logrotate")
		}
	}
	return out, nil
}

// manuals are the manual pages and completions that were made for this release, if any.
func (l *layout) manuals(r *release, _ map[string]string) ([]file, error) {
	if r.docs == "" {
		return nil, nil
	}
	pages, err := filepath.Glob(filepath.Join(r.docs, "man/*.[0-9]"))
	if err != nil {
		return nil, err
	}
	var out []file
	for _, p := range pages {
		content, err := os.ReadFile(p)
		if err != nil {
			return nil, err
		}
		if content, err = compress(content); err != nil {
			return nil, err
		}
		section := strings.TrimPrefix(filepath.Ext(p), ".")
		out = append(out, file{path: l.man + "/man" + section + "/" + filepath.Base(p) + ".gz", mode: 0o644, content: content})
	}
	completions, err := filepath.Glob(filepath.Join(r.docs, "completions/*"))
	if err != nil {
		return nil, err
	}
	for _, p := range completions {
		content, err := os.ReadFile(p)
		if err != nil {
			return nil, err
		}
		program, shell, _ := strings.Cut(filepath.Base(p), ".")
		place, ok := map[string]string{
			"bash": l.bash + "/" + program, "zsh": l.zsh + "/_" + program, "fish": l.fish + "/" + program + ".fish",
		}[shell]
		if !ok {
			return nil, fmt.Errorf("%s: the name is to be PROGRAM.bash, PROGRAM.zsh or PROGRAM.fish", p)
		}
		out = append(out, file{path: place, mode: 0o644, content: content})
	}
	return out, nil
}

// compress returns what `gzip -9n` does, with no name and no time in it.
func compress(content []byte) ([]byte, error) {
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(content); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
