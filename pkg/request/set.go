package request

import (
	"slices"

	"github.com/etcfiles/etcfiles/pkg/hostsstore"
	"github.com/etcfiles/etcfiles/pkg/names"
)

// Set is what Set of a Manager is to change. An empty text in a list, or as the name, takes away what an earlier one gave.
type Set struct {
	Name       *string // nil for no change
	Aliases    []string
	ExtraHosts []string // as ParseExtraHost reads them
}

// Apply returns what is set after the change, nil for nothing. The error is a KeyError.
func (change *Set) Apply(before *hostsstore.Asked) (*hostsstore.Asked, error) {
	out := &hostsstore.Asked{Name: before.Name, Aliases: slices.Clone(before.Aliases), ExtraHosts: slices.Clone(before.ExtraHosts)}
	if change.Name != nil {
		if out.Name = *change.Name; out.Name != "" {
			if _, err := names.Parse(out.Name); err != nil {
				return nil, &KeyError{Key: "name", Reason: err}
			}
		}
	}
	for _, alias := range change.Aliases {
		if alias == "" {
			out.Aliases = nil
			continue
		}
		if _, err := names.Parse(alias); err != nil {
			return nil, &KeyError{Key: "alias", Reason: err}
		}
		if !slices.Contains(out.Aliases, alias) {
			out.Aliases = append(out.Aliases, alias)
		}
	}
	if n := len(out.Aliases); n > maxAliases {
		return nil, Refuse("aliases", "%d are set, and there may be %d: take some away", n, maxAliases)
	}
	for _, text := range change.ExtraHosts {
		if text == "" {
			out.ExtraHosts = nil
			continue
		}
		x, err := ParseExtraHost(text)
		if err != nil {
			return nil, err
		}
		if asked := (hostsstore.AskedHost{Name: x.Name, Address: x.Address}); !slices.Contains(out.ExtraHosts, asked) {
			out.ExtraHosts = append(out.ExtraHosts, asked)
		}
	}
	if out.Name == "" && len(out.Aliases)+len(out.ExtraHosts) == 0 {
		return nil, nil
	}
	return out, nil
}
