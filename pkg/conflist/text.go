package conflist

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/etcfiles/etcfiles/pkg/netconf"
)

// Plugin is how etcfiles is configured in a list of plugins.
type Plugin struct {
	// Keys are the plugin's own ones that are texts, such as dataDir; see netconf.Keys.
	Keys map[string]string
	// Capabilities are those that are declared, nil for all that the plugin understands: a runtime gives what it can of what is
	// declared, and nothing goes wrong with the rest.
	Capabilities []string
}

// script is a configuration as a text with positions.
type script struct {
	text   []byte
	top    *node
	items  []*node // the plugins, or the one that the file configures
	list   *node   // of the plugins
	single bool
}

// scan takes a text apart that has to be a conflist or the configuration of one plugin.
func scan(file string, text []byte) (*script, error) {
	top, err := decode(text)
	var syntax *syntaxError
	switch {
	case errors.As(err, &syntax):
		return nil, fmt.Errorf("%s:%d: not JSON: %w", file, syntax.line, err)
	case !top.object:
		return nil, fmt.Errorf("%s:%d: not a JSON object with name, cniVersion and plugins", file, top.line)
	}
	s := &script{text: text, top: top, list: top.get("plugins")}
	if s.list == nil && top.get("type") != nil {
		s.single, s.items = true, []*node{top}
		return s, nil
	}
	if s.list == nil {
		if _, behind := appended(file, top); len(behind) > 0 {
			return s, nil
		}
	}
	if s.list == nil || len(s.list.items) == 0 {
		return nil, fmt.Errorf("%s: it has no list of plugins, nor the type of one: correct it first, as `etcfiles config` says", file)
	}
	s.items = s.list.items
	return s, nil
}

// behind looks at the plugins that libcni takes from files beside the list, which come behind those in it. It reports whether etcfiles is one of them
// and sees all addresses; the error is for others, behind which it would have to be.
func (s *script) behind(file string) (there bool, err error) {
	dir, files := appended(file, s.top)
	if len(files) == 0 {
		return false, nil
	}
	at := slices.IndexFunc(files, piece.ours)
	if at < 0 {
		return false, fmt.Errorf("%s: the plugins in %s come behind those of this file: put %s last, as %s with %s",
			file, dir, pluginType, filepath.Join(dir, "zz-etcfiles.conf"), Plugin{}.text(style{spaced: true}))
	}
	for _, f := range files[at+1:] {
		if givesAddresses(f.node) {
			return false, fmt.Errorf("%s: %s gives addresses behind %s, which has %s: give the latter a name that comes last", file, f.path, files[at].path, pluginType)
		}
	}
	return true, nil
}

// elsewhere returns an error for etcfiles where it is in the configuration, and not among the plugins that the file itself has.
func (s *script) elsewhere(e *Edit) error {
	_, files := appended(e.File, s.top)
	for _, f := range files {
		if f.ours() {
			return fmt.Errorf("%s: %s is in %s, a file of its own: remove that", e.File, pluginType, f.path)
		}
	}
	for _, item := range s.items {
		for _, delegate := range item.get("delegates").list() {
			for _, p := range delegate.get("plugins").list() {
				if e.Agent != nil && (piece{node: p}).ours() {
					return fmt.Errorf("%s: %s is in line %d, in what %s delegates to: %s: %s", e.File, pluginType, p.line, e.Agent.Name, e.Agent, cmp.Or(e.Agent.removal, e.Agent.Template))
				}
			}
		}
	}
	return nil
}

// ours returns where the plugin is among the items.
func (s *script) ours() []int {
	var at []int
	for i, item := range s.items {
		if name, _ := item.get("type").text(); name == pluginType {
			at = append(at, i)
		}
	}
	return at
}

// givesAddresses reports whether a plugin gives a container addresses, as far as its configuration and its name say so.
func givesAddresses(item *node) bool {
	name, _ := item.get("type").text()
	ipam, _ := item.get("ipam").get("type").text()
	return ipam != "" || slices.Contains(interfaces, name)
}

// with returns the text with one plugin more, behind the last and apart from it as the two before are.
func (s *script) with(plugin []byte) []byte {
	last := s.items[len(s.items)-1]
	return slices.Concat(s.text[:last.end()], s.separator(), plugin, s.text[last.end():])
}

// separator returns what stands between two plugins, as far as the text shows it.
func (s *script) separator() []byte {
	last := s.items[len(s.items)-1]
	if n := len(s.items); n > 1 {
		return s.text[s.items[n-2].end():last.start]
	}
	blank := s.text[s.list.start+1 : last.start]
	if len(blank) == 0 && s.style().spaced {
		blank = []byte(" ")
	}
	return append([]byte(","), blank...)
}

// without returns the script without a plugin, and without what stands between it and the one before, or behind if it is the first.
func (s *script) without(file string, i int) (*script, error) {
	switch {
	case i > 0:
		return scan(file, slices.Concat(s.text[:s.items[i-1].end()], s.text[s.items[i].end():]))
	case len(s.items) > 1:
		return scan(file, slices.Concat(s.text[:s.items[0].start], s.text[s.items[1].start:]))
	}
	return nil, fmt.Errorf("%s: %s is its only plugin: remove the file", file, pluginType)
}

// style is how JSON is written.
type style struct {
	spaced        bool   // blanks behind colons and commas, and within braces
	before, after string // newlines with indentation before each key and before the closing brace, "" for one line
}

// style returns how the last plugin is written.
func (s *script) style() style {
	last := s.items[len(s.items)-1]
	st := style{spaced: bytes.Contains(last.raw, []byte(`": `))}
	if head, _, ok := bytes.Cut(last.raw, []byte(`"`)); ok && bytes.IndexByte(head, '\n') >= 0 {
		body := bytes.TrimRight(last.raw[:len(last.raw)-1], " \t\r\n")
		st.before, st.after = string(head[1:]), string(last.raw[len(body):len(last.raw)-1])
	}
	return st
}

// text returns the plugin as JSON.
func (p Plugin) text(st style) []byte {
	capabilities := p.Capabilities
	if capabilities == nil {
		for _, c := range netconf.Capabilities {
			capabilities = append(capabilities, c.Name)
		}
	}
	var declared []string
	for _, name := range slices.Sorted(slices.Values(capabilities)) {
		declared = append(declared, st.field(name, "true"))
	}
	fields := []string{st.field("type", quote(pluginType))}
	for _, key := range slices.Sorted(maps.Keys(p.Keys)) {
		fields = append(fields, st.field(key, quote(p.Keys[key])))
	}
	if len(declared) > 0 {
		fields = append(fields, st.field("capabilities", st.object(declared, "", "")))
	}
	return []byte(st.object(fields, st.before, st.after))
}

func quote(s string) string {
	text, _ := json.Marshal(s) // a string always can be
	return string(text)
}

func (st style) field(key, value string) string {
	if st.spaced {
		return quote(key) + ": " + value
	}
	return quote(key) + ":" + value
}

func (st style) object(fields []string, before, after string) string {
	switch {
	case before != "":
		return "{" + before + strings.Join(fields, ","+before) + after + "}"
	case st.spaced:
		return "{ " + strings.Join(fields, ", ") + " }"
	}
	return "{" + strings.Join(fields, ",") + "}"
}

// piece is a plugin that libcni takes from a file of its own.
type piece struct {
	path string
	*node
}

// ours reports whether the plugin is etcfiles.
func (p piece) ours() bool {
	name, _ := p.get("type").text()
	return name == pluginType
}

// appended returns the plugins that libcni puts behind those in a list, in order: of the files .conf in the directory that is
// called as the network and lies beside the list, unless loadOnlyInlinedPlugins is true. What is not JSON has no keys.
func appended(file string, top *node) (dir string, pieces []piece) {
	name, ok := top.get("name").text()
	if !ok || name == "" || strings.ContainsRune(name, '/') || name == "." || name == ".." || top.get("loadOnlyInlinedPlugins").isTrue() {
		return "", nil
	}
	dir = filepath.Join(filepath.Dir(file), name)
	for _, path := range filesOf(dir, ".conf") {
		pieces = append(pieces, piece{path, readNode(path)})
	}
	return dir, pieces
}
