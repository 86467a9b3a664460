package ocihook

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"strings"

	"github.com/containernetworking/cni/libcni"

	"github.com/etcfiles/etcfiles/pkg/hostlocal"
	"github.com/etcfiles/etcfiles/pkg/iprange"
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
		delete(without, "ipRanges")
		if _, err := readHostLocal(p, without); err != nil && !errors.Is(err, errNoRanges) {
			continue // a plugin makes something else of it, as Calico's does, or it is wrong for everybody
		}
		conf, err := readHostLocal(p, given)
		if errors.Is(err, errNoRanges) {
			continue
		}
		if err == nil {
			for _, arg := range cniArgs {
				if arg[0] == "IP" {
					conf.wanted = append(conf.wanted, asked{arg[1], ""})
				}
			}
			err = conf.refused()
		}
		if err != nil {
			return fmt.Errorf("network %s: %w", network.Name, err)
		}
	}
	return nil
}

// rangeSet are ranges of which a container gets one address.
type rangeSet []hostlocal.Range

// String returns the addresses.
func (s rangeSet) String() string {
	var list []string
	for _, r := range s {
		list = append(list, fmt.Sprintf("%v-%v", r.RangeStart, r.RangeEnd))
	}
	return strings.Join(list, ",")
}

// complete completes the ranges, which are of one family.
func (s rangeSet) complete() error {
	if len(s) == 0 {
		return errors.New("a set of ranges is empty")
	}
	for i := range s {
		if faults := s[i].Complete(); len(faults) > 0 {
			return faults[0]
		}
		if s[i].Subnet.Addr().Is4() != s[0].Subnet.Addr().Is4() {
			return fmt.Errorf("subnets %s and %s are of two families: each has a set of its own", s[0].Subnet, s[i].Subnet)
		}
	}
	return nil
}

// gives returns the addresses of the ranges.
func (s rangeSet) gives() []iprange.Range {
	list := make([]iprange.Range, len(s))
	for i := range s {
		list[i] = s[i].Gives()
	}
	return list
}

// asked is an address, with or without the length of a prefix, and by what it is asked for, if not by the container.
type asked struct{ address, by string }

var errNoRanges = errors.New("there are no ranges")

// hostLocal is what host-local reads of a plugin's configuration.
type hostLocal struct {
	sets   []rangeSet
	wanted []asked
}

// readHostLocal reads it, with the capability arguments that the plugin gets.
func readHostLocal(p *libcni.PluginConfig, capabilities map[string]any) (*hostLocal, error) {
	whole, err := libcni.InjectConf(p, map[string]any{"runtimeConfig": capabilities})
	if err != nil {
		return nil, err
	}
	var conf struct {
		IPAM struct {
			hostlocal.Range
			Ranges []rangeSet `json:"ranges"`
		} `json:"ipam"`
		Args struct {
			CNI struct {
				IPs []string `json:"ips"`
			} `json:"cni"`
		} `json:"args"`
		RuntimeConfig struct {
			IPRanges []rangeSet `json:"ipRanges"`
			IPs      []string   `json:"ips"`
		} `json:"runtimeConfig"`
	}
	if err := json.Unmarshal(whole.Bytes, &conf); err != nil {
		return nil, err
	}
	h := &hostLocal{sets: conf.RuntimeConfig.IPRanges}
	for _, address := range conf.Args.CNI.IPs {
		h.wanted = append(h.wanted, asked{address, ", which args.cni.ips of the conflist asks for"})
	}
	for _, address := range conf.RuntimeConfig.IPs {
		h.wanted = append(h.wanted, asked{address, ""})
	}
	if conf.IPAM.Subnet.IsValid() {
		h.sets = append(h.sets, rangeSet{conf.IPAM.Range})
	}
	h.sets = append(h.sets, conf.IPAM.Ranges...)
	if len(h.sets) == 0 {
		return nil, errNoRanges
	}
	for i, set := range h.sets {
		if err := set.complete(); err != nil {
			return nil, fmt.Errorf("host-local refuses its ranges: %w", err)
		}
		for _, before := range h.sets[:i] {
			if _, _, found := iprange.Overlap(before.gives(), set.gives()); found {
				return nil, fmt.Errorf("host-local refuses its ranges: %s and %s overlap", before, set)
			}
		}
	}
	return h, nil
}

// refused returns why host-local would not give the addresses: it gives one of each set of ranges, and never a gateway's.
func (h *hostLocal) refused() error {
	taken := make([]netip.Addr, len(h.sets))
	for _, w := range h.wanted {
		bare, _, _ := strings.Cut(w.address, "/")
		address, err := netip.ParseAddr(bare)
		if err != nil {
			return fmt.Errorf("address %q%s: want an IP address", w.address, w.by)
		}
		address = address.Unmap()
		var all []string
		found := false
		for i, set := range h.sets {
			all = append(all, set.String())
			for _, r := range set {
				switch {
				case !r.Gives().Contains(address):
					continue
				case address == r.Gateway:
					return fmt.Errorf("address %s%s: it is the gateway of %s: ask for another", address, w.by, r.Subnet)
				case taken[i].IsValid() && taken[i] != address:
					return fmt.Errorf("addresses %s and %s: host-local gives one of %s: ask for one of them", taken[i], address, set)
				}
				taken[i], found = address, true
			}
		}
		if !found {
			return fmt.Errorf("address %s%s: host-local gives those of %s: ask for one of these", address, w.by, strings.Join(all, ", "))
		}
	}
	return nil
}
