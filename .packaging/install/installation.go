package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/etcfiles/etcfiles/packaging/contents"
)

// The NRI plugin, the name under which containerd starts it, and the directories where plugins usually are.
const (
	nriPlugin       = "etcfiles-nri"
	nriName         = "10-" + nriPlugin
	usualNRIPlugins = "/opt/nri/plugins"
	usualPlugins    = "/opt/cni/bin"
)

// installation is what is installed below a root. Paths are without it.
type installation struct {
	root    string // "" for /
	list    string // of what was installed: a path a line, those of directories that were made for it with a slash at the end
	plugins string // CNI plugins, and all programs of versions that had them there
	nri     string // directory for a link to the NRI plugin, "" for none
	usual   bool   // into the usual prefix: so programs in the usual directories of plugins are of an earlier version
}

// install puts the files in their places, and a link where an earlier version had a program that is elsewhere now: specifications and hooks name
// it there. Each is replaced by a rename, so that a program may run meanwhile and is never absent. What an earlier version had and this one has not is
// removed.
func (i *installation) install(files []contents.File) error {
	former, err := i.former()
	if err != nil {
		return err
	}
	files = append(files, i.links(files, former)...)
	has := map[string]bool{i.list: true}
	for _, f := range files {
		has[f.Path] = true
	}
	for dir := range i.missing(has) {
		has[dir+"/"] = true
	}
	var stale []string
	for _, path := range former {
		if strings.HasSuffix(path, "/") {
			has[path] = true
		} else if !has[path] {
			stale = append(stale, path)
		}
	}
	// First a list with everything, so that nothing is forgotten if this is interrupted.
	if err := i.writeList(has, stale); err != nil {
		return err
	}
	for _, f := range files {
		if err := i.put(f); err != nil {
			return err
		}
	}
	for _, path := range stale {
		if err := os.Remove(i.root + path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return i.writeList(has, nil)
}

// former returns the lines of the list that the last installation has left, if any.
func (i *installation) former() ([]string, error) {
	text, err := os.ReadFile(i.root + i.list)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	notPath := func(line string) bool { return !strings.HasPrefix(line, "/") }
	return slices.DeleteFunc(strings.Split(string(text), "\n"), notPath), err
}

func (i *installation) writeList(has map[string]bool, more []string) error {
	lines := slices.Clone(more)
	for path := range has {
		lines = append(lines, path)
	}
	slices.Sort(lines)
	return i.put(contents.File{Path: i.list, Mode: 0o644, Content: []byte(strings.Join(lines, "\n") + "\n")})
}

// links returns links to programs: where the list has one that is elsewhere now, where a version that made no list had it, and where containerd
// is to find the NRI plugin.
func (i *installation) links(files []contents.File, former []string) []contents.File {
	has := map[string]bool{}
	for _, f := range files {
		has[f.Path] = true
	}
	var out []contents.File
	add := func(place, program string) {
		if !has[place] {
			has[place] = true
			out = append(out, contents.File{Path: place, Mode: 0o777, Target: contents.Symlink(place, program)})
		}
	}
	for _, f := range files {
		if f.Program == "" {
			continue
		}
		if f.Program == nriPlugin && i.nri != "" {
			add(i.nri+"/"+nriName, f.Path)
		}
		unlisted := []string{i.plugins + "/" + f.Program}
		if i.usual {
			unlisted = append(unlisted, usualPlugins+"/"+f.Program, usualNRIPlugins+"/10-"+f.Program)
		}
		for _, path := range unlisted {
			if info, err := os.Lstat(i.root + path); err == nil && info.Mode().IsRegular() {
				add(path, f.Path)
			}
		}
		for _, path := range former {
			name := strings.TrimPrefix(filepath.Base(path), strings.TrimSuffix(nriName, nriPlugin))
			if name == f.Program && i.executable(path) {
				add(path, f.Path)
			}
		}
	}
	return out
}

// executable says whether a path is a program or a link, which only programs have.
func (i *installation) executable(path string) bool {
	info, err := os.Lstat(i.root + path)
	return err == nil && (info.Mode()&fs.ModeSymlink != 0 || info.Mode().IsRegular() && info.Mode()&0o111 != 0)
}

// missing returns the directories of the paths that do not exist.
func (i *installation) missing(paths map[string]bool) map[string]bool {
	out := map[string]bool{}
	for path := range paths {
		for dir := filepath.Dir(path); dir != "/" && !out[dir]; dir = filepath.Dir(dir) {
			if _, err := os.Stat(i.root + dir); err == nil {
				break
			}
			out[dir] = true
		}
	}
	return out
}
