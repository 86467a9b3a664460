package ocihook

import (
	"cmp"
	"errors"
	"io/fs"
	"slices"

	"github.com/containernetworking/cni/libcni"
)

// left returns the record of what there is of a container, nil if there is nothing. Without a record of the hook's own,
// after a reboot for example, it goes by libcni's cache.
func (h *Hook) left(cniID string) (*record, error) {
	r, err := readRecord(h.recordDir(cniID))
	if r != nil || err != nil {
		return r, err
	}
	cached, err := h.cni(cniID).GetCachedAttachments(cniID)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	r = &record{ContainerID: cniID}
	for _, c := range cached {
		if c.NetNS != h.pinPath(cniID) {
			continue // somebody else's container
		}
		network, err := libcni.NetworkConfFromBytes(c.Config)
		if err != nil {
			return nil, err
		}
		r.Attachments = append(r.Attachments, newAttachment(network, c.IfName, c.CapabilityArgs))
	}
	slices.SortFunc(r.Attachments, byIfName)
	if r.Netns, err = netnsAt(h.pinPath(cniID)); errors.Is(err, fs.ErrNotExist) && len(r.Attachments) == 0 {
		return nil, nil
	}
	return r, nil
}

// byIfName puts eth2 before eth10.
func byIfName(a, b attachment) int {
	return cmp.Or(cmp.Compare(len(a.IfName), len(b.IfName)), cmp.Compare(a.IfName, b.IfName))
}
