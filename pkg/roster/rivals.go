package roster

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/etcfiles/etcfiles/pkg/hostsstore"
)

// Rivals returns the IDs of the other containers in whose place one may come with an attachment: those that share an address or a name,
// whatever its case, with that on its network, and other sandboxes of the pod, "" for none.
func Rivals(ix *hostsstore.Index, id, podUID string, a *hostsstore.Attachment) []string {
	var ids []string
	for _, c := range ix.Containers {
		if c.ID != id && (podUID != "" && c.PodUID == podUID ||
			slices.ContainsFunc(c.Attachments, func(other hostsstore.Attachment) bool { return rivals(a, &other) })) {
			ids = append(ids, c.ID)
		}
	}
	return ids
}

func rivals(a, b *hostsstore.Attachment) bool {
	return a.Network == b.Network && (shareAddress(a, b) || shareName(a, b))
}

func shareAddress(a, b *hostsstore.Attachment) bool {
	return slices.ContainsFunc(a.Addresses, func(addr netip.Addr) bool { return slices.Contains(b.Addresses, addr) })
}

func shareName(a, b *hostsstore.Attachment) bool {
	return eachName(a, func(name string) bool {
		return eachName(b, func(other string) bool { return len(name) == len(other) && strings.EqualFold(name, other) })
	})
}
