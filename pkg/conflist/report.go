package conflist

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/etcfiles/etcfiles/pkg/names"
	"github.com/etcfiles/etcfiles/pkg/netconf"
	"github.com/etcfiles/etcfiles/pkg/safefile"
)

// pluginType is the type in a conflist that is looked at most closely.
const pluginType = "etcfiles"

// Fault is something that is wrong, or that one should know.
type Fault struct {
	File    string `json:"file"`
	Line    int    `json:"line"`          // from 1
	Key     string `json:"key,omitempty"` // with the keys above it, such as plugins[3].capabilities
	Message string `json:"message"`
	Note    bool   `json:"note,omitempty"` // nothing is wrong
}

// String returns file:line: key: message.
func (f Fault) String() string {
	s := fmt.Sprintf("%s:%d: ", f.File, f.Line)
	if f.Key != "" {
		s += f.Key + ": "
	}
	if f.Note {
		s += "note: "
	}
	return s + f.Message
}

// Report is what Look has found.
type Report struct {
	File    string  `json:"file"`
	Network string  `json:"network,omitempty"`
	Faults  []Fault `json:"faults"`
	Result  *Result `json:"example,omitempty"` // nil where no container could be added
}

// Wrong reports whether there is more than notes.
func (r *Report) Wrong() bool {
	return slices.ContainsFunc(r.Faults, func(f Fault) bool { return !f.Note })
}

// Options are what a conflist is looked at with.
type Options struct {
	ConfDir string   // other networks are there; "" for none
	BinDirs []string // where plugins are looked for
	BinKey  string   // what names those directories; "" for the flag of etcfiles config
	Example Example
	// Bystander says that a configuration without the plugin is only looked at for what it has in common with others.
	Bystander bool
}

// look is one look at a file, or at a configuration within another.
type look struct {
	*Report
	Options
	prefix  string // of its keys, for a configuration within another
	list    *node
	plugins []*plugin
	ours    *plugin // nil for none; the first if there are several
	version string
}

// plugin is an element of plugins.
type plugin struct {
	*node
	key      string // plugins[i]; "" for one in a file of its own
	name     string // its type
	ipam     string // type of its ipam
	position int
	ranges   []addressRange
}

// maxConflist is the most of a file that is read, in bytes.
const maxConflist = 1 << 20

// Look reads a conflist and reports on it. The error is for a file that cannot be read.
func Look(path string, o Options) (*Report, error) {
	text, err := safefile.ReadLinked(path, maxConflist)
	if err != nil {
		return nil, err
	}
	l := &look{Report: &Report{File: path, Faults: []Fault{}}, Options: o}
	l.list, err = decode(text)
	var syntax *syntaxError
	switch {
	case errors.As(err, &syntax):
		l.Faults = append(l.Faults, Fault{File: path, Line: syntax.line, Message: "it is not JSON: " + syntax.Error()})
		return l.Report, nil
	case !l.list.object:
		l.wrong(l.list, "", "want a JSON object with name, cniVersion and plugins")
		return l.Report, nil
	}
	if o.Bystander && !concerned(path, l.list) {
		l.bystander()
		return l.Report, nil
	}
	l.duplicates(l.list, "")
	l.head()
	l.versions()
	l.chain()
	l.binaries()
	l.neighbours()
	if l.ours != nil {
		l.configuration()
	}
	sortFaults(l.Report)
	return l.Report, nil
}

// sortFaults puts faults before notes, those of the file itself before those of files beside it, and each by its line.
func sortFaults(r *Report) {
	slices.SortStableFunc(r.Faults, func(a, b Fault) int {
		return cmp.Or(order(a.Note, b.Note), order(a.File != r.File, b.File != r.File), cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
}

// order puts what is not so before what is.
func order(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

func (l *look) wrong(at *node, key, format string, args ...any) {
	l.Faults = append(l.Faults, Fault{File: cmp.Or(at.file, l.File), Line: at.line, Key: key, Message: fmt.Sprintf(format, args...)})
}

func (l *look) note(at *node, key, format string, args ...any) {
	l.wrong(at, key, format, args...)
	l.Faults[len(l.Faults)-1].Note = true
}

// duplicates finds keys that stand twice in one object: the last counts, silently.
func (l *look) duplicates(n *node, key string) {
	seen := map[string]int{}
	for _, f := range n.fields {
		path := f.key
		if key != "" {
			path = key + "." + f.key
		}
		if line := seen[f.key]; line > 0 {
			l.wrong(f.node, path, "it stands in line %d already, and the last one counts: take one out", line)
		}
		seen[f.key] = f.line
		l.duplicates(f.node, path)
	}
	for i, item := range n.items {
		l.duplicates(item, fmt.Sprintf("%s[%d]", key, i))
	}
}

// listKeys are the keys of a conflist.
var listKeys = []string{"cniVersion", "cniVersions", "name", "plugins", "disableCheck", "disableGC", "loadOnlyInlinedPlugins"}

// head looks at the keys of the list.
func (l *look) head() {
	for _, f := range l.list.fields {
		if slices.Contains(listKeys, f.key) || l.single() {
			continue
		}
		if known := netconf.Respelled(f.key, listKeys); known != "" {
			l.wrong(f.node, f.key, "unknown key: it is written %q", known)
			continue
		}
		l.note(f.node, f.key, "libcni knows no such key in a conflist, and passes it over")
	}
	name := l.list.get("name")
	switch text, ok := name.text(); {
	case name == nil:
		l.wrong(l.list, "name", "it is missing: a network needs a name")
	case !ok:
		l.wrong(name, "name", "want a text")
	default:
		if err := names.CheckElement(text); err != nil {
			l.wrong(name, "name", "%v", err)
			return
		}
		l.Network = text
	}
}
