package ocihook

import (
	"fmt"
	"maps"
	"net"
	"strings"

	"github.com/containernetworking/cni/libcni"
	"github.com/containernetworking/plugins/plugins/ipam/host-local/backend/allocator"
)

// refusedAddress returns why host-local, if it gives the network's addresses, would refuse those that a container asks for by its capability
// arguments or by CNI_ARGS. What only a plugin can tell passes, and so does an address that another container may have by then.
func refusedAddress(network *libcni.NetworkConfigList, args map[string]any, cniArgs [][2]string) error {
	for _, p := range network.Plugins {
		if p.Network.IPAM.Type != "host-local" {
			continue
		}
		given := map[string]any{}
		for capability, declared := range p.Network.Capabilities {
			if value, ok := args[capability]; ok && declared {
				given[capability] = value
			}
		}
		without := maps.Clone(given)
		delete(without, capabilityIPs)
		if _, err := ipam(network, p, without, nil); err != nil { // a plugin makes something else of it, as Calico's does, or it is wrong for everybody
			continue
		}
		config, err := ipam(network, p, given, cniArgs)
		if err == nil {
			err = askable(config)
		}
		if err != nil {
			return fmt.Errorf("network %s: %w", network.Name, err)
		}
	}
	return nil
}

// ipam returns what host-local reads of a plugin's configuration.
func ipam(network *libcni.NetworkConfigList, p *libcni.PluginConfig, capabilities map[string]any, cniArgs [][2]string) (*allocator.IPAMConfig, error) {
	whole, err := libcni.InjectConf(p, map[string]any{"name": network.Name, "cniVersion": network.CNIVersion, "runtimeConfig": capabilities})
	if err != nil {
		return nil, err
	}
	var words []string
	for _, arg := range cniArgs {
		words = append(words, arg[0]+"="+arg[1])
	}
	config, _, err := allocator.LoadIPAMConfig(whole.Bytes, strings.Join(words, ";"))
	return config, err
}

// askable returns why host-local would not give the addresses: it gives one of each set of ranges, and never a gateway's.
func askable(config *allocator.IPAMConfig) error {
	taken := make([]net.IP, len(config.Ranges))
	for _, address := range config.IPArgs {
		var all []string
		found := false
		for i, set := range config.Ranges {
			all = append(all, set.String())
			r, err := set.RangeFor(address)
			switch {
			case err != nil:
				continue
			case address.Equal(r.Gateway):
				return fmt.Errorf("address %s: it is the gateway of %s: ask for another", address, (*net.IPNet)(&r.Subnet))
			case taken[i] != nil && !taken[i].Equal(address):
				return fmt.Errorf("addresses %s and %s: host-local gives one of %s: ask for one of them", taken[i], address, &set)
			}
			taken[i], found = address, true
		}
		if !found {
			return fmt.Errorf("address %s: host-local gives those of %s: ask for one of these", address, strings.Join(all, ", "))
		}
	}
	return nil
}
