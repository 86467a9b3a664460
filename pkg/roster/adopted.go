package roster

import (
	"net/netip"

	"github.com/etcfiles/etcfiles/pkg/hostsstore"
)

// adopted returns the lines that a container has taken over, those with an address of its own with the one that it has now.
func adopted(d *hostsstore.Details) []hostsstore.Adopted {
	var out []hostsstore.Adopted
	for _, text := range d.Adopted {
		line, err := hostsstore.ParseAdopted(text)
		if err != nil {
			continue // no record is read that has such a line
		}
		if line.Own {
			line.Address = ofFamily(d.Attachments, line.Address)
		}
		if line.Address.IsValid() {
			out = append(out, line)
		}
	}
	return out
}

// ofFamily returns the address if an attachment has it, else the first of its family that one has.
func ofFamily(list []hostsstore.Attachment, was netip.Addr) netip.Addr {
	var found netip.Addr
	for i := range list {
		for _, addr := range list[i].Addresses {
			if addr == was {
				return addr
			}
			if !found.IsValid() && addr.Is4() == was.Is4() {
				found = addr
			}
		}
	}
	return found
}
