package containerdconf

import (
	"slices"

	"github.com/etcfiles/etcfiles/pkg/tomlkeys"
)

// Place is what one file of a configuration has of a runtime handler. Lines are 0 for what it does not have.
type Place struct {
	CRI      int    // the first line of any table of CRI's plugin
	Name     string // of the handler's table, as it is or would be written in this file
	Table    int    // its line
	BaseSpec string // that it names, "" for none
	SpecLine int    // the line of that setting, also of an empty one
}

// Find looks for a runtime handler in a file, which may be one that another imports, and so of any version. The error is for one that is not TOML.
func Find(config []byte, handler string) (Place, error) {
	text, err := tomlkeys.Parse(config)
	if err != nil {
		return Place{}, err
	}
	all := settings{text}
	table := all.handlerTable(handler)
	if all.Key("version") == nil { // the file that imports it may have it
		for _, plugin := range []string{"io.containerd.cri.v1.runtime", "io.containerd.grpc.v1.cri"} {
			if all.has("plugins", plugin) {
				table[1] = plugin
			}
		}
	}
	place := Place{Name: "[" + dotted(table) + "]"}
	for _, part := range slices.Concat(all.Headers, all.Keys) {
		if within(part, table[:2]) && (place.CRI == 0 || part.Line < place.CRI) {
			place.CRI = part.Line
		}
	}
	if header := all.Header(table...); header != nil {
		place.Table = header.Line
	}
	if spec := all.Key(append(slices.Clip(table), specKey)...); spec != nil {
		place.BaseSpec, place.SpecLine = spec.Text, spec.Line
	}
	return place, nil
}

// has reports whether there is a table, or anything in it.
func (all settings) has(table ...string) bool {
	return slices.ContainsFunc(slices.Concat(all.Headers, all.Keys), func(part tomlkeys.Part) bool { return within(part, table) })
}

// within reports whether a part is a table, or in it.
func within(part tomlkeys.Part, table []string) bool {
	return len(part.Path) >= len(table) && slices.Equal(part.Path[:len(table)], table)
}
