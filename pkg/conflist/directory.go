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

// LookAround looks at every configuration in a directory, as Look does with a file; one without the plugin is a bystander, unless none has it
// and it is the first. The error is for a directory that cannot be read or has no configuration.
func LookAround(dir string, o Options) (*Directory, error) {
	if _, err := os.ReadDir(dir); err != nil {
		return nil, err
	}
	o.ConfDir = dir
	d := &Directory{Path: dir}
	files := Files(dir)
	for i, path := range files {
		// Where nothing has the plugin, the file that a runtime takes is where it is missing.
		o.Bystander = i > 0 || slices.ContainsFunc(files, func(path string) bool { return concerned(path, readNode(path)) })
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

// concerned reports whether a configuration has the plugin anywhere.
func concerned(path string, top *node) bool {
	is := func(n *node) bool {
		name, _ := n.get("type").text()
		return name == pluginType
	}
	n := &neighbour{&look{Report: &Report{File: path}, list: top}, path}
	n.read()
	for _, item := range n.items() {
		if is(item) {
			return true
		}
		for _, delegate := range item.get("delegates").list() {
			if slices.ContainsFunc(delegate.get("plugins").list(), is) {
				return true
			}
		}
	}
	return false
}

// bystander looks at a configuration that has nothing to do with the plugin.
func (l *look) bystander() {
	n := neighbourAt(l.File)
	l.Network = n.Network
	n.Report, n.Options = l.Report, l.Options
	list := n.list.get("plugins")
	multus := slices.IndexFunc(n.plugins, func(p *plugin) bool { return slices.Contains(delegating, p.name) })
	switch {
	case multus >= 0:
		n.delegated(n.plugins[multus])
	case list != nil:
		n.wrong(list, "plugins", "there is no plugin of type %q: `etcfiles config --add %s` puts it last", pluginType, l.File)
	case n.single() && !slices.ContainsFunc(n.plugins, func(p *plugin) bool { return p.name == "loopback" }): // that every container has
		n.wrong(n.list, "plugins", "%s", n.alone())
	}
	for i := range n.Faults {
		n.Faults[i].Note = true
	}
	n.neighbours()
	sortFaults(n.Report)
}
