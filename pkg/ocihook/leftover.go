package ocihook

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
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
	cached, err := h.cached(cniID)
	if err != nil {
		return nil, err
	}
	r = &record{ContainerID: cniID}
	for _, c := range cached {
		network, err := libcni.NetworkConfFromBytes(c.Config)
		if err != nil {
			return nil, err
		}
		r.Attachments = append(r.Attachments, newAttachment(network, c.IfName, c.CapabilityArgs, c.CniArgs))
	}
	slices.SortFunc(r.Attachments, byIfName)
	_, noRecord := os.Lstat(filepath.Join(h.recordDir(cniID), recordFile)) // one may be there that cannot be read
	if r.Netns, err = netnsAt(h.pinPath(cniID)); errors.Is(err, fs.ErrNotExist) && noRecord != nil && len(r.Attachments) == 0 {
		return nil, nil
	}
	return r, nil
}

// byIfName puts eth2 before eth10.
func byIfName(a, b attachment) int {
	return cmp.Or(cmp.Compare(len(a.IfName), len(b.IfName)), cmp.Compare(a.IfName, b.IfName))
}
