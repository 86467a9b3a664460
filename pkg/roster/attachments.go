package roster

import (
	"slices"

	"github.com/etcfiles/etcfiles/pkg/hostsstore"
)

// Renamed returns the interfaces of attachments whose names differ.
func Renamed(before, after []hostsstore.Attachment) map[string]bool {
	out := map[string]bool{}
	for i := range after {
		if j := At(before, after[i].IfName); j >= 0 && !SameNames(&before[j], &after[i]) {
			out[after[i].IfName] = true
		}
	}
	return out
}

// At returns where in a list the attachment with the interface name is, or -1.
func At(list []hostsstore.Attachment, ifName string) int {
	return slices.IndexFunc(list, func(a hostsstore.Attachment) bool { return a.IfName == ifName })
}
