package setup

import (
	"fmt"
	"path/filepath"
	"slices"

	"github.com/etcfiles/etcfiles/pkg/containerdconf"
)

// placed is a file of containerd's configuration, and what it has of the default runtime handler.
type placed struct {
	path string
	containerdconf.Place
}

// placesOf returns the files of a configuration in the order in which containerd reads them: config.toml, what that imports, what those import. Of
// two settings that of the later file counts; to containerd 1.x all that a later file has of CRI, and nothing of the former. A file that is to be
// written has its place too.
func (h *Host) placesOf(c *containerd, all *containerdconf.Config, written string) (list []placed) {
	files := []string{c.config}
	for i := 0; i < len(files); i++ {
		text, err := h.read(files[i])
		if err != nil {
			continue
		}
		place, err := containerdconf.Find(text, all.Handler)
		if err != nil {
			continue // containerd has said so
		}
		list = append(list, placed{files[i], place})
		own, err := containerdconf.Look(text)
		if err != nil {
			continue
		}
		for _, pattern := range own.Imports {
			if !filepath.IsAbs(pattern) {
				pattern = filepath.Join(filepath.Dir(files[i]), pattern)
			}
			found := h.glob(pattern)
			if ok, err := filepath.Match(pattern, written); ok && err == nil {
				add(&found, written)
			}
			for _, path := range found {
				if !slices.Contains(files, path) {
					files = append(files, path)
				}
			}
		}
	}
	return list
}

// inTheWay returns what somebody is to do with the file that goes before what setup could write into own, a drop-in or config.toml; "" for none.
func (h *Host) inTheWay(c *containerd, all *containerdconf.Config, own string) string {
	list := h.placesOf(c, all, own)
	for _, f := range slices.Backward(list) {
		merged := all.Version >= mergingVersion
		switch {
		case f.path == own || f.path == c.config:
			return ""
		case merged && f.SpecLine > 0:
			return fmt.Sprintf("%s: line %d: it is read after %s and overrides it: put this in its place: %s", f.path, f.SpecLine, own, containerdconf.Line(c.spec))
		case !merged && f.Table > 0:
			return fmt.Sprintf("%s: line %d: the table %s is there: put this into it, in place of any base_runtime_spec there: %s", f.path, f.Table, f.Name, containerdconf.Line(c.spec))
		case !merged && f.CRI > 0:
			return fmt.Sprintf("%s: line %d: what it has of CRI replaces that of all other files: add the table %s to it, with runtime_type = %q and %s",
				f.path, f.CRI, f.Name, "io.containerd.runc.v2", containerdconf.Line(c.spec))
		}
	}
	return ""
}

// namedIn returns the file by which the default runtime handler has the specification, or config.toml where that is not known.
func (h *Host) namedIn(c *containerd, all *containerdconf.Config) string {
	for _, f := range slices.Backward(h.placesOf(c, all, "")) {
		if f.BaseSpec == c.spec {
			return f.path
		}
	}
	return c.config
}
