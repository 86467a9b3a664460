package netconf

import (
	"encoding/json"
	"errors"

	"github.com/containernetworking/cni/pkg/types"

	"github.com/etcfiles/etcfiles/pkg/etcfiles"
)

// attachmentKeys are the keys of the attachments that GC leaves alone: the text of the specification has the first and its
// list of keys the second (cni#1101). Libcni writes both.
var attachmentKeys = []string{"cni.dev/valid-attachments", "cni.dev/attachments"}

// parseValid reads the attachments that GC leaves alone, of both keys the union.
func (c *Conf) parseValid(keys map[string]json.RawMessage) {
	for _, key := range attachmentKeys {
		if isUnset(keys[key]) {
			continue
		}
		var list []types.GCAttachment
		if err := json.Unmarshal(keys[key], &list); err != nil {
			c.validErr = errors.Join(c.validErr, wrongKey(key, "want a list of objects with containerID and ifname; nothing is removed"))
		}
		for _, a := range list {
			c.valid = append(c.valid, etcfiles.Valid{ContainerID: a.ContainerID, IfName: a.IfName})
		}
	}
}

// Valid returns the attachments that GC leaves alone. Without a list that can be read GC would take living containers for
// stale: that is an error, whatever else can be read.
func (c *Conf) Valid() ([]etcfiles.Valid, error) { return c.valid, c.validErr }
