package ocihook

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/containernetworking/cni/libcni"
)

// loadNetworks returns the networks of the names, in their order, or that of the first conflist of the directory in the
// order of file names if there is no name. A conflist that cannot be read matters only when a name is missing.
func loadNetworks(dir string, names []string) ([]*libcni.NetworkConfigList, error) {
	files, err := libcni.ConfFiles(dir, []string{".conflist"})
	if err != nil {
		return nil, err
	}
	slices.Sort(files)
	byName := map[string]*libcni.NetworkConfigList{}
	var first *libcni.NetworkConfigList
	var broken []error
	for _, file := range files {
		network, err := libcni.NetworkConfFromFile(file)
		if err != nil {
			broken = append(broken, fmt.Errorf("%s: %w", file, err))
			continue
		}
		if first == nil {
			first = network
		}
		if byName[network.Name] == nil {
			byName[network.Name] = network
		}
	}
	if len(names) == 0 {
		if first == nil || len(broken) > 0 && strings.HasPrefix(broken[0].Error(), files[0]+":") {
			return nil, errors.Join(append(broken, fmt.Errorf("no network: put a conflist into %s", dir))...)
		}
		return []*libcni.NetworkConfigList{first}, nil
	}
	var out []*libcni.NetworkConfigList
	for i, name := range names {
		if slices.Contains(names[:i], name) {
			return nil, fmt.Errorf("network %s: it is named twice: a container is attached to a network once", name)
		}
		network := byName[name]
		if network == nil {
			return nil, errors.Join(append([]error{fmt.Errorf("network %s: no conflist in %s has that name", name, dir)}, broken...)...)
		}
		out = append(out, network)
	}
	return out, nil
}

// takes reports whether a plugin of the network has declared the capability.
func takes(network *libcni.NetworkConfigList, capability string) bool {
	return slices.ContainsFunc(network.Plugins, func(p *libcni.PluginConfig) bool { return p.Network.Capabilities[capability] })
}
