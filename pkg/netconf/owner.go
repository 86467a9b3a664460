package netconf

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"strings"

	"github.com/etcfiles/etcfiles/pkg/hostsstore"
	"github.com/etcfiles/etcfiles/pkg/request"
)

const ownerKey = "runtimeConfig.etcfiles.owner"

// decodeOwner reads who is to own the container's files, {"uid": N, "gid": N}: the root of its user namespace as the runtime and this
// plugin number it. Only a runtime can say it. Root itself is nobody that would have to be named.
func decodeOwner(data json.RawMessage) (*hostsstore.Owner, error) {
	if isUnset(data) {
		return nil, nil
	}
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(data, &keys); err != nil {
		return nil, request.Refuse(ownerKey, "it must be an object")
	}
	if err := unknownKey(ownerKey+".", keys, nil, "uid", "gid"); err != nil {
		return nil, err
	}
	var owner hostsstore.Owner
	for key, id := range map[string]*uint32{"uid": &owner.UID, "gid": &owner.GID} {
		if err := json.Unmarshal(keys[key], id); err != nil || isUnset(keys[key]) || *id == math.MaxUint32 {
			return nil, request.Refuse(ownerKey, "%s: want a number from 0 to %d", key, uint32(math.MaxUint32-1))
		}
	}
	if owner == (hostsstore.Owner{}) {
		return nil, nil
	}
	return &owner, nil
}

// checkOwner refuses an owner whom the user namespace of this process does not know: no file can be theirs.
func checkOwner(owner *hostsstore.Owner) error {
	if owner == nil {
		return nil
	}
	for _, m := range []struct {
		path, what string
		id         uint32
	}{{"/proc/self/uid_map", "uid", owner.UID}, {"/proc/self/gid_map", "gid", owner.GID}} {
		text, err := os.ReadFile(m.path)
		if err != nil {
			return err
		}
		if !mapped(string(text), m.id) {
			return request.Refuse(ownerKey, "%s %d is not mapped in the user namespace of the plugin, by %s", m.what, m.id, m.path)
		}
	}
	return nil
}

// mapped reports whether the text of a uid_map or gid_map, user_namespaces(7), has the ID among those of the inside.
func mapped(text string, id uint32) bool {
	for lines := bufio.NewScanner(strings.NewReader(text)); lines.Scan(); {
		var inside, outside, length uint64
		if _, err := fmt.Sscan(lines.Text(), &inside, &outside, &length); err == nil && uint64(id) >= inside && uint64(id)-inside < length {
			return true
		}
	}
	return false
}
