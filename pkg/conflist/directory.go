package conflist

import (
	"fmt"
	"os"
	"slices"
)

// Directory is what LookAround has found.
type Directory struct {
	Path  string    `json:"directory"`
	Files []*Report `json:"files"` // in the order in which runtimes read them
	First *Report   `json:"-"`     // what a runtime takes that is not told which
}

// Wrong reports whether there is more than notes in any file.
func (d *Directory) Wrong() bool { return slices.ContainsFunc(d.Files, (*Report).Wrong) }

// LookAround looks at every configuration in a directory, as Look does with a file, but that one without the plugin is not wrong for that. The error is
// for a directory that cannot be read or has no configuration.
func LookAround(dir string, o Options) (*Directory, error) {
	if _, err := os.ReadDir(dir); err != nil {
		return nil, err
	}
	o.ConfDir, o.Bystander = dir, true
	d := &Directory{Path: dir}
	for _, path := range files(dir) {
		report, err := Look(path, o)
		if err != nil {
			return nil, err
		}
		report.Result = nil // each would be of a container of the same name
		d.Files = append(d.Files, report)
	}
	if len(d.Files) == 0 {
		return nil, fmt.Errorf("%s has no configuration of a network: names end with .conflist, or with .conf or .json for a single plugin", dir)
	}
	d.First = d.Files[0]
	return d, nil
}
