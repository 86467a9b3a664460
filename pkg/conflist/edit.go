package conflist

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/etcfiles/etcfiles/pkg/safefile"
)

// Suffix is behind the name of the file in which Add keeps a configuration as it was. Libcni reads .conf, .conflist and .json only.
const Suffix = ".before-etcfiles"

// Edit is a change of a configuration that is planned, and that Apply makes. All but a part of the plugins stays as it is, byte for byte.
type Edit struct {
	// File is the configuration that changes, and Link the path that was given, if that leads there by a link.
	File, Link string
	// Target is what is written: File, or where File configures one plugin the conflist beside it that takes its place.
	Target string
	// Before and After are what File has and what Target gets; they are equal where nothing is left to be done.
	Before, After []byte
	// Kept is the file as it was before Add: Apply writes it, or takes it away when Remove has brought it back. It is "" where neither is done.
	Kept string
	// Stays is such a file that Remove leaves, since it is not what comes back; "" for none.
	Stays string
	// Agent is who writes the file anew, with its own template; nil where nobody is known to.
	Agent *Agent

	removal bool
	access  safefile.Access // of the file, while it is edited
	done    []func() error  // what takes back each step of Apply, in their order
}

// Changed reports whether Apply has anything to do.
func (e *Edit) Changed() bool { return e.Target != e.File || !bytes.Equal(e.Before, e.After) }

// Removal reports whether the edit takes the plugin out.
func (e *Edit) Removal() bool { return e.removal }

// Add plans to put the plugin last into the configuration at a path: a conflist, or the configuration of one plugin, which becomes a conflist
// of two. One that has the plugin where it sees all addresses stays as it is, also in what the plugin's keys say; where it stands before a plugin that gives
// addresses, it is moved. The error says why the file cannot have it, and what to do.
func Add(path string, p Plugin) (*Edit, error) {
	e, s, err := plan(path)
	if err != nil {
		return nil, err
	}
	if s.single {
		if err := e.convert(s, p); err != nil {
			return nil, err
		}
		return e, nil
	}
	switch at := s.ours(); {
	case len(at) > 1:
		return nil, fmt.Errorf("%s: %s is in it twice, as plugins[%d] and plugins[%d]: take one out", e.File, pluginType, at[0], at[1])
	case len(at) == 1 && !slices.ContainsFunc(s.items[at[0]+1:], givesAddresses):
		return e, nil
	case len(at) == 1:
		rest, err := s.without(e.File, at[0])
		if err != nil {
			return nil, err
		}
		e.After = rest.with(s.items[at[0]].raw)
		if exists(e.File + Suffix) { // it has never had the plugin
			return e, nil
		}
	default:
		if there, err := s.behind(e.File); there || err != nil {
			return e, err
		}
		e.After = s.with(p.text(s.style()))
	}
	e.Kept = e.File + Suffix
	return e, nil
}

// Remove plans to take the plugin out of the configuration at a path. What Add has made comes back as it was, a configuration of one plugin in
// its own file.
func Remove(path string) (*Edit, error) {
	e, s, err := plan(path)
	if err != nil {
		return nil, err
	}
	e.removal = true
	at := s.ours()
	if len(at) == 0 {
		return e, s.elsewhere(e)
	}
	for _, i := range slices.Backward(at) { // one in all but a file that is wrong
		if s, err = s.without(e.File, i); err != nil {
			return nil, err
		}
	}
	e.After = s.text
	if e.restore(s) {
		return e, nil
	}
	if kept, err := safefile.ReadLinked(e.File+Suffix, maxConflist); err == nil && bytes.Equal(kept, e.After) {
		e.Kept = e.File + Suffix
		return e, nil
	}
	for _, ext := range append([]string{".conflist"}, singleExtensions...) {
		if former := strings.TrimSuffix(e.File, ".conflist") + ext + Suffix; exists(former) {
			e.Stays = former
			break
		}
	}
	return e, nil
}

// plan reads a file and begins an edit of it, and takes its text apart.
func plan(path string) (*Edit, *script, error) {
	given, err := filepath.Abs(path)
	if err != nil {
		return nil, nil, err
	}
	given = Converted(given)
	file, err := filepath.EvalSymlinks(given)
	if err != nil {
		return nil, nil, err
	}
	e := &Edit{File: file, Target: file}
	if file != given {
		e.Link = given
	}
	e.Before, err = safefile.ReadLinked(file, maxConflist+1)
	if err == nil && len(e.Before) > maxConflist {
		err = fmt.Errorf("%s: it has more than %d bytes", file, maxConflist)
	}
	if err != nil {
		return nil, nil, err
	}
	e.After = e.Before
	s, err := scan(file, e.Before)
	if err != nil {
		return nil, nil, err
	}
	e.Agent = agentOf(file, s.items)
	if s.single && e.Link != "" { // it is moved away, its target is not touched
		e.File, e.Target, e.Link = given, given, ""
	}
	return e, s, nil
}

// Extensions of the files that configure one plugin, for libcni and the runtimes with it.
var singleExtensions = []string{".conf", ".json"}

// Converted returns the path of the conflist that Add has made of the configuration of one plugin at a path, or that path where it has made none.
func Converted(path string) string {
	if list := listBeside(path); slices.Contains(singleExtensions, filepath.Ext(path)) && !exists(path) && exists(list) {
		return list
	}
	return path
}

// listBeside returns the path of the conflist for a file of one plugin.
func listBeside(path string) string {
	return strings.TrimSuffix(path, filepath.Ext(path)) + ".conflist"
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// convert plans a conflist for a configuration of one plugin, which gets no prevResult and gives none.
func (e *Edit) convert(s *script, p Plugin) error {
	if e.Agent != nil {
		return fmt.Errorf("%s: it configures one plugin, and %s: %s", e.File, e.Agent, e.Agent.Template)
	}
	if len(s.ours()) > 0 {
		return fmt.Errorf("%s: it configures %s alone, which works behind other plugins only: remove the file", e.File, pluginType)
	}
	e.Target = listBeside(e.File)
	if e.Target == e.File {
		return fmt.Errorf("%s: it configures one plugin, which no runtime takes from a file of this name: give it a list of plugins", e.File)
	}
	for _, key := range []string{"name", "cniVersion"} {
		if _, ok := s.top.get(key).text(); !ok {
			return fmt.Errorf("%s: %s is missing: a list of plugins needs it", e.File, key)
		}
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "{\n  \"cniVersion\": %s,\n  \"name\": %s,\n  \"plugins\": [\n    ", s.top.get("cniVersion").raw, s.top.get("name").raw)
	b.Write(s.top.raw)
	b.WriteString(",\n    ")
	b.Write(p.text(style{spaced: true}))
	b.WriteString("\n  ]\n}\n")
	e.After, e.Kept = b.Bytes(), e.File+Suffix
	if have, err := safefile.ReadLinked(e.Target, maxConflist); exists(e.Target) && (err != nil || !bytes.Equal(have, e.After)) { // else an Apply was cut off
		return fmt.Errorf("%s: it configures one plugin, and %s, which would take its place, is there already: take one of them away", e.File, e.Target)
	}
	return nil
}

// restore plans to bring back the configuration of one plugin that convert has made the list of, and reports whether it did.
func (e *Edit) restore(s *script) bool {
	if len(s.items) != 1 {
		return false
	}
	for _, ext := range singleExtensions {
		single := strings.TrimSuffix(e.File, ".conflist") + ext
		for _, path := range []string{single, single + Suffix} { // the first where an Apply was cut off
			text, err := safefile.ReadLinked(path, maxConflist)
			if err != nil || !bytes.Equal(bytes.TrimSpace(text), s.items[0].raw) {
				continue
			}
			if e.Target, e.After = single, text; path != single {
				e.Kept = path
			}
			return true
		}
	}
	return false
}
