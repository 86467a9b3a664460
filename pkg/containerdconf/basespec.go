// Package containerdconf edits containerd's configuration, config.toml (containerd-config.toml(5)). It changes what it is asked to
// change; every other byte, comments among them, stays as it is.
package containerdconf

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"
)

// Handler is the runtime handler that pods have unless they ask for another.
const Handler = "runc"

const (
	specKey     = "base_runtime_spec"
	typeKey     = "runtime_type"
	runtimeType = "io.containerd.runc.v2"
)

// SetBaseSpec returns the configuration in which the runtime handler runc of CRI has the base_runtime_spec at the path. What has it
// already is returned as it is. An empty configuration, which is containerd's default, becomes one of version 2, which containerd 1.x and
// 2.x read.
//
// It fails where containerd would not make of the edit what is asked for: CRI is disabled, or the handler has another base_runtime_spec,
// two tables, or none of its own. The error says at which line, and what to do.
func SetBaseSpec(config []byte, path string) ([]byte, error) {
	if len(bytes.TrimSpace(config)) == 0 {
		config = []byte("version = 2\n")
	}
	all, err := parse(config)
	if err != nil {
		return nil, err
	}
	if err := all.refuseDisabled(); err != nil {
		return nil, err
	}
	table := all.handlerTable()
	if err := all.refuseInline(table); err != nil {
		return nil, err
	}
	if err := all.refuseTwice(table); err != nil {
		return nil, err
	}
	line := specKey + " = " + strconv.Quote(path)
	if spec := all.setting(table, specKey); spec != nil {
		switch spec.text {
		case path:
			return config, nil
		case "":
			return splice(config, spec.from, spec.to, line), nil
		}
		return nil, fmt.Errorf("line %d: the runtime handler %s has the %s %q already: add the hook to that file, or take this line out",
			spec.line, Handler, specKey, spec.text)
	}
	header := all.header(table)
	kind := typeKey + " = " + strconv.Quote(runtimeType)
	if header == nil {
		return fmt.Appendf(endLine(config), "\n[%s]\n  %s\n  %s\n", dotted(table), kind, line), nil
	}
	if all.setting(table, typeKey) == nil { // to containerd 1.x a table without it is a handler without one
		line = kind + "\n" + header.indent + "  " + line
	}
	return splice(config, header.to, header.to, "\n"+header.indent+"  "+line), nil
}

// handlerTable returns the path of the handler's table in the configuration's version.
func (all *settings) handlerTable() []string {
	plugin := "io.containerd.cri.v1.runtime"
	switch all.version() {
	case 1:
		plugin = "cri"
	case 2:
		plugin = "io.containerd.grpc.v1.cri"
	}
	return []string{"plugins", plugin, "containerd", "runtimes", Handler}
}

// refuseDisabled fails if containerd has been told to run without CRI, as in the configuration of Docker's package.
func (all *settings) refuseDisabled() error {
	for _, k := range all.keys {
		if !slices.Equal(k.path, []string{"disabled_plugins"}) {
			continue
		}
		for _, name := range k.list {
			if name == "cri" || strings.HasPrefix(name, "io.containerd.cri.") || strings.HasSuffix(name, ".cri") {
				return fmt.Errorf("line %d: disabled_plugins has %q, so containerd runs no pods: take it out first", k.line, name)
			}
		}
	}
	return nil
}

// refuseInline fails if the table, or one above it, is written as an inline table or by dotted keys: TOML does not let such a one be
// added to.
func (all *settings) refuseInline(table []string) error {
	for _, k := range all.keys {
		shared := min(len(k.path), len(table))
		if len(k.table) < len(table) && slices.Equal(k.path[:shared], table[:shared]) {
			return fmt.Errorf("line %d: %s cannot be added to where it is: write it as a table of its own, [%s]", k.line, dotted(k.path), dotted(table))
		}
	}
	return nil
}

// refuseTwice fails if the table is there twice, with which containerd does not start.
func (all *settings) refuseTwice(table []string) error {
	first := all.header(table)
	for _, h := range all.headers {
		if first != nil && h.line != first.line && slices.Equal(h.path, table) {
			return fmt.Errorf("line %d: the table of line %d is here again, with which containerd does not start: take one of them out", h.line, first.line)
		}
	}
	return nil
}

func dotted(path []string) string {
	parts := slices.Clone(path)
	for i, part := range parts {
		if strings.ContainsAny(part, `. "'`) {
			parts[i] = strconv.Quote(part)
		}
	}
	return strings.Join(parts, ".")
}

func splice(b []byte, from, to int, text string) []byte {
	return slices.Concat(b[:from], []byte(text), b[to:])
}

func endLine(b []byte) []byte {
	if bytes.HasSuffix(b, []byte("\n")) {
		return slices.Clip(b)
	}
	return append(slices.Clip(b), '\n')
}

// settings are the headers of tables and the keys of a configuration.
type settings struct {
	headers, keys []part
}

// part is a header of a table or a key with its value, and where it is.
type part struct {
	path     []string // of the table, or of the key from the root
	table    []string // the one that a key is in
	line     int
	from, to int    // of a key the bytes; of a header only the end of its line
	indent   string // of a header
	text     string // of a key whose value is a text
	number   int    // of a key whose value is an integer
	list     []string
}

func parse(config []byte) (*settings, error) {
	var all settings
	var table []string
	p := unstable.Parser{}
	p.Reset(config)
	for p.NextExpression() {
		e := p.Expression()
		var names []string
		var last unstable.Range
		for it := e.Key(); it.Next(); {
			names, last = append(names, string(it.Node().Data)), it.Node().Raw
		}
		line := bytes.Count(config[:last.Offset], []byte("\n")) + 1
		switch e.Kind {
		case unstable.Table, unstable.ArrayTable:
			table = names
			start := bytes.LastIndexByte(config[:last.Offset], '\n') + 1
			to := int(last.Offset)
			if n := bytes.IndexByte(config[to:], '\n'); n >= 0 {
				to += n
			} else {
				to = len(config)
			}
			indent := config[start : start+bytes.IndexByte(config[start:], '[')]
			all.headers = append(all.headers, part{path: table, line: line, to: to, indent: string(indent)})
		case unstable.KeyValue:
			k := part{path: slices.Concat(table, names), table: table, line: line}
			k.from, k.to = int(e.Raw.Offset), int(e.Raw.Offset+e.Raw.Length)
			switch value := e.Value(); value.Kind {
			case unstable.String:
				k.text = string(value.Data)
			case unstable.Integer:
				k.number, _ = strconv.Atoi(string(value.Data))
			case unstable.Array:
				for it := value.Children(); it.Next(); {
					k.list = append(k.list, string(it.Node().Data))
				}
			}
			all.keys = append(all.keys, k)
		}
	}
	if err := p.Error(); err != nil {
		line := 1
		if wrong := (*unstable.ParserError)(nil); errors.As(err, &wrong) && len(wrong.Highlight) > 0 {
			line = p.Shape(p.Range(wrong.Highlight)).Start.Line
		}
		return nil, fmt.Errorf("line %d: the TOML cannot be read: %w", line, err)
	}
	return &all, nil
}

// version returns the configuration's version; one that does not say it has 1.
func (all *settings) version() int {
	if k := all.setting(nil, "version"); k != nil {
		return k.number
	}
	return 1
}

func (all *settings) setting(table []string, name string) *part {
	return find(all.keys, append(slices.Clip(table), name))
}

func (all *settings) header(table []string) *part { return find(all.headers, table) }

func find(parts []part, path []string) *part {
	for i := range parts {
		if slices.Equal(parts[i].path, path) {
			return &parts[i]
		}
	}
	return nil
}
