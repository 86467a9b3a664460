package contents

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

// Source is what a release is made of.
type Source struct {
	Root     string // the repository
	Part     Part   // which of it; "" for Main
	Docs     string // man/*.N and completions/*, which need not be there; "" for none
	Programs []Program
	Here     bool // for this machine only: a license that goes with every copy may be missing
}

// File is a file as it will be installed.
type File struct {
	Path    string // absolute
	Mode    fs.FileMode
	Content []byte
	Target  string // of a symbolic link, else ""
	Config  bool   // the administrator's to change
	Program string // the name of the program that the file is, else ""
}

// Files returns what a package of the layout has, ordered by path.
func (l *Layout) Files(s *Source) ([]File, error) {
	if s.Part == "" {
		s = s.Of(Main)
	}
	l = l.of(s.Part)
	var out []File
	places := map[string]string{}
	for _, p := range s.Programs {
		place, err := l.place(p)
		if err != nil {
			return nil, err
		}
		content, err := os.ReadFile(p.Path)
		if err != nil {
			return nil, err
		}
		places[p.Name] = place
		out = append(out, File{Path: place, Mode: 0o755, Content: content, Program: p.Name})
		if link := l.bin + "/" + p.Name; p.Kind == "meta" && link != place { // which is also its own admin tool
			out = append(out, File{Path: link, Mode: 0o777, Target: Symlink(link, place)})
		}
	}
	for _, part := range []func(*Source, map[string]string) ([]File, error){l.unitFiles, l.documents, l.licenses, l.manuals} {
		files, err := part(s, places)
		if err != nil {
			return nil, err
		}
		out = append(out, files...)
	}
	slices.SortFunc(out, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	for i := range len(out) - 1 {
		if out[i].Path == out[i+1].Path {
			return nil, fmt.Errorf("two files are to be %s", out[i].Path)
		}
	}
	return out, nil
}

// documents are the pages, where the links between them lead, and examples.
func (l *Layout) documents(s *Source, _ map[string]string) ([]File, error) {
	if s.Part == Etcd { // all pages are in the main one, since they lead to each other
		return nil, nil
	}
	var out []File
	add := func(pattern, dir string, flat bool) error {
		paths, err := filepath.Glob(filepath.Join(s.Root, pattern))
		if err != nil {
			return err
		}
		for _, p := range paths {
			name, err := filepath.Rel(s.Root, p)
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
			out = append(out, File{Path: dir + "/" + name, Mode: 0o644, Content: content})
		}
		return nil
	}
	logrotate, config := l.logrotate, true
	if logrotate == "" {
		logrotate, config = l.Doc+"/examples", false
	}
	for _, pages := range []string{"README.md", "plugins/*/*/*.md", "pkg/README.md", "pkg/*/README.md", "integration/*/README.md", ".github/*.svg"} {
		if err := add(pages, l.Doc, false); err != nil {
			return nil, err
		}
	}
	for _, examples := range []string{"*.conflist", "dns/*", "masquerade/*"} {
		if err := add("conflists/"+examples, filepath.Join(l.Doc, "examples", filepath.Dir(examples)), true); err != nil {
			return nil, err
		}
	}
	// The pages call the examples by their place in the repository.
	out = append(out, File{Path: l.Doc + "/conflists", Mode: 0o777, Target: "examples"})
	documents := len(out)
	if err := add("plugins/*/*/*.logrotate", logrotate, true); err != nil {
		return nil, err
	}
	for i := range out[documents:] {
		f := &out[documents+i]
		f.Config = config
		if config {
			f.Path = strings.TrimSuffix(f.Path, ".logrotate")
		}
	}
	return out, nil
}

// manuals are the manual pages and completions that were made for this release, if any.
func (l *Layout) manuals(s *Source, _ map[string]string) ([]File, error) {
	if s.Docs == "" {
		return nil, nil
	}
	pages, err := filepath.Glob(filepath.Join(s.Docs, "man/*.[0-9]"))
	if err != nil {
		return nil, err
	}
	var out []File
	for _, p := range pages {
		if !s.hasManual(p) {
			continue
		}
		content, err := os.ReadFile(p)
		if err != nil {
			return nil, err
		}
		if content, err = Compress(content); err != nil {
			return nil, err
		}
		section := strings.TrimPrefix(filepath.Ext(p), ".")
		out = append(out, File{Path: l.man + "/man" + section + "/" + filepath.Base(p) + ".gz", Mode: 0o644, Content: content})
	}
	completions, err := filepath.Glob(filepath.Join(s.Docs, "completions/*"))
	if err != nil {
		return nil, err
	}
	for _, p := range completions {
		if !s.hasManual(p) {
			continue
		}
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
		out = append(out, File{Path: place, Mode: 0o644, Content: content})
	}
	return out, nil
}

// hasManual reports whether a manual page or completion is of the part.
func (s *Source) hasManual(path string) bool {
	name, _, _ := strings.Cut(filepath.Base(path), ".")
	return (name == string(Etcd)) == (s.Part == Etcd)
}

// Compress returns what `gzip -9n` does, with no name and no time in it.
func Compress(content []byte) ([]byte, error) {
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
