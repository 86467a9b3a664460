// Package containerdconf edits containerd's configuration, config.toml (containerd-config.toml(5)). It changes what it is asked to
// change; every other byte, comments among them, stays as it is.
package containerdconf

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/etcfiles/etcfiles/pkg/tomlkeys"
)

// UsualHandler is the runtime handler that pods have unless they ask for another, where default_runtime_name does not say which.
const UsualHandler = "runc"

const (
	specKey     = "base_runtime_spec"
	typeKey     = "runtime_type"
	runtimeType = "io.containerd.runc.v2"
)

// SetBaseSpec returns the configuration in which CRI's default runtime handler has the base_runtime_spec at the path. What has it
// already is returned as it is. An empty configuration, which is containerd's default, becomes one of version 2, which containerd 1.x and
// 2.x read.
//
// It fails where containerd would not make of the edit what is asked for: CRI is disabled, or the handler has another base_runtime_spec,
// two tables, or none of its own. The error says at which line, and what to do.
func SetBaseSpec(config []byte, path string) ([]byte, error) {
	if len(bytes.TrimSpace(config)) == 0 {
		config = []byte("version = 2\n")
	}
	all, err := read(config)
	if err != nil {
		return nil, err
	}
	handler := all.handler()
	table := all.handlerTable(handler)
	if err := all.refuseInline(table); err != nil {
		return nil, err
	}
	if err := all.refuseTwice(table); err != nil {
		return nil, err
	}
	line := Line(path)
	if spec := all.Key(append(slices.Clip(table), specKey)...); spec != nil {
		switch spec.Text {
		case path:
			return config, nil
		case "":
			return splice(config, spec.From, spec.To, line), nil
		}
		return nil, fmt.Errorf("line %d: the runtime handler %s has the %s %q already: add the hook to that file, or take this line out",
			spec.Line, handler, specKey, spec.Text)
	}
	header := all.Header(table...)
	switch {
	case header != nil:
	case handler != UsualHandler:
		return nil, fmt.Errorf("the default runtime handler is %s, and its table [%s] is not in here: put this into it where it is: %s", handler, dotted(table), line)
	default:
		return fmt.Append(endLine(config), "\n", lines(table, true, path)), nil
	}
	if all.Key(append(slices.Clip(table), typeKey)...) == nil { // to containerd 1.x a table without it is a handler without one
		line = typeKey + " = " + strconv.Quote(runtimeType) + "\n" + header.Indent + "  " + line
	}
	return splice(config, header.To, header.To, "\n"+header.Indent+"  "+line), nil
}

// plugin returns the name of CRI's plugin in the configuration's version.
func (all settings) plugin() string {
	switch all.version() {
	case 1:
		return "cri"
	case 2:
		return "io.containerd.grpc.v1.cri"
	}
	return "io.containerd.cri.v1.runtime"
}

// handlerTable returns the path of a handler's table in the configuration's version.
func (all settings) handlerTable(handler string) []string {
	return []string{"plugins", all.plugin(), "containerd", "runtimes", handler}
}

// handler returns the runtime handler that pods have unless they ask for another.
func (all settings) handler() string {
	if k := all.Key("plugins", all.plugin(), "containerd", "default_runtime_name"); k != nil && k.Text != "" {
		return k.Text
	}
	return UsualHandler
}

// refuseDisabled fails if containerd has been told to run without CRI, as in the configuration of Docker's package.
func (all settings) refuseDisabled() error {
	for _, k := range all.Keys {
		if !slices.Equal(k.Path, []string{"disabled_plugins"}) {
			continue
		}
		for _, name := range k.List {
			if name == "cri" || strings.HasPrefix(name, "io.containerd.cri.") || strings.HasSuffix(name, ".cri") {
				return fmt.Errorf("line %d: disabled_plugins has %q, so containerd runs no pods: take it out first", k.Line, name)
			}
		}
	}
	return nil
}

// refuseInline fails if the table, or one above it, is written as an inline table or by dotted keys: TOML does not let such a one be
// added to.
func (all settings) refuseInline(table []string) error {
	for _, k := range all.Keys {
		shared := min(len(k.Path), len(table))
		if len(k.Table) < len(table) && slices.Equal(k.Path[:shared], table[:shared]) {
			return fmt.Errorf("line %d: %s cannot be added to where it is: write it as a table of its own, [%s]", k.Line, dotted(k.Path), dotted(table))
		}
	}
	return nil
}

// refuseTwice fails if the table is there twice, with which containerd does not start.
func (all settings) refuseTwice(table []string) error {
	first := all.Header(table...)
	for _, h := range all.Headers {
		if first != nil && h.Line != first.Line && slices.Equal(h.Path, table) {
			return fmt.Errorf("line %d: the table of line %d is here again, with which containerd does not start: take one of them out", h.Line, first.Line)
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

// settings are those of a configuration.
type settings struct{ *tomlkeys.Text }

// read reads the settings. It fails where containerd runs no pods with them.
func read(config []byte) (settings, error) {
	text, err := tomlkeys.Parse(config)
	if err != nil {
		return settings{}, err
	}
	all := settings{text}
	return all, all.refuseDisabled()
}

// version returns the configuration's version; one that does not say it has 1.
func (all settings) version() int {
	if k := all.Key("version"); k != nil {
		return k.Number
	}
	return 1
}
