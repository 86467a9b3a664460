package hostsstore

import (
	"errors"
	"slices"

	types100 "github.com/containernetworking/cni/pkg/types/100"

	"github.com/etcfiles/etcfiles/pkg/names"
)

// sound refuses a record that parses and yet cannot be ours or nerdctl's: with addresses that are null, with a network
// that is no path element, or with a name that would break the line of a hosts file.
func (r *Record) sound() error {
	for _, result := range r.Networks {
		if result != nil && slices.Contains(result.IPs, (*types100.IPConfig)(nil)) {
			return errors.New("an address is null")
		}
	}
	if r.Etcfiles == nil {
		return nil
	}
	for _, a := range r.Etcfiles.Attachments {
		if err := names.CheckElement(a.Network); err != nil {
			return err
		}
		for _, list := range [][]string{a.Names, a.Qualified, a.Own, a.World, {a.Label}} {
			for _, name := range list {
				if err := names.Check(name); err != nil {
					return err
				}
			}
		}
	}
	for _, line := range r.Etcfiles.Adopted {
		if _, err := ParseAdopted(line); err != nil {
			return err
		}
	}
	for _, x := range r.Etcfiles.ExtraHosts {
		if err := names.Check(x.Name); err != nil {
			return err
		}
	}
	return nil
}
