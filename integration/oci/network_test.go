package oci

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// addNetwork installs the conflist that is shipped, with a name, a bridge, a subnet and directories of its own: the first
// network is 10.231.10.0/24, the second 10.231.20.0/24. It can have the plugin probe before etcfiles, and bridge can take the
// capabilities ips and mac.
func (w *world) addNetwork(name string, probe, addresses bool) error {
	if !slices.Contains(w.networks, name) {
		w.networks = append(w.networks, name)
	}
	number := 10 * (slices.Index(w.networks, name) + 1)
	var list object
	if err := readJSON(filepath.Join("..", "..", "conflists", "10-bridge.conflist"), &list); err != nil {
		return err
	}
	list["name"] = name
	chain := list["plugins"].([]any)
	bridge, etcfiles := chain[0].(object), chain[len(chain)-1].(object)
	if bridge["type"] != "bridge" || etcfiles["type"] != "etcfiles" {
		return fmt.Errorf("the shipped conflist does not begin with bridge and end with etcfiles: %v", chain)
	}
	bridge["bridge"] = "cni-" + name
	merge(bridge["ipam"].(object), object{
		"dataDir": w.leases(),
		"ranges":  []any{[]any{object{"subnet": fmt.Sprintf("10.231.%d.0/24", number)}}},
	})
	etcfiles["dataDir"] = w.data()
	if addresses {
		bridge["capabilities"] = object{"ips": true, "mac": true}
	}
	if probe {
		list["plugins"] = slices.Insert(chain, len(chain)-1, any(w.probe()))
	}
	// Their file names are in the order in which they were first added.
	return writeJSON(filepath.Join(w.conf(), fmt.Sprintf("%d-%s.conflist", number, name)), list)
}

// probe is a plugin that passes the result on, keeps a log of its calls, and fails or waits where a test says so.
func (w *world) probe() object { return object{"type": "probe", "dir": w.probeDir()} }

func (w *world) probeDir() string { return w.path("probe") }

func (w *world) probeLog() (string, error) {
	b, err := os.ReadFile(filepath.Join(w.probeDir(), "log"))
	if os.IsNotExist(err) {
		return "", nil
	}
	return string(b), err
}
