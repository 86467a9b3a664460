package ocihook

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/containernetworking/cni/libcni"

	"github.com/etcfiles/etcfiles/pkg/ocistate"
)

// CheckAnnotations returns why CreateRuntime would refuse a container with the ID and the annotations, as far as they and the conflists tell:
// a network that is not there, an address for a network that it is not on or that host-local does not give, a value that no plugin takes. Where no network is named
// and there is no conflist yet, only the annotations are looked at.
func (h *Hook) CheckAnnotations(id string, annotations map[string]string) error {
	c := &ocistate.Container{}
	c.ID, c.Annotations = id, annotations
	if err := h.refuseAnnotations(c); err != nil {
		return err
	}
	if _, err := ports(annotations); err != nil {
		return err
	}
	extra, err := cniArgs(annotations)
	if err != nil {
		return err
	}
	wanted, err := h.networkNames(c)
	if err != nil {
		return err
	}
	networks, err := loadNetworks(h.ConfDir, wanted)
	if errors.Is(err, errNoConflist) {
		return nil
	}
	if err != nil {
		return err
	}
	args, err := annotatedArgs(annotations, nil, networks)
	if err != nil {
		return err
	}
	for i, n := range networks {
		if err := refusedAddress(n, args[i], extra); err != nil {
			return err
		}
		if err := refusedAlias(n, list(annotations[AnnotationAliases])); err != nil {
			return err
		}
	}
	return nil
}

// refusedAlias returns why etcfiles, if it is in the network's chain, would refuse one of the aliases.
func refusedAlias(network *libcni.NetworkConfigList, aliases []string) error {
	for _, p := range network.Plugins {
		var conf struct{ AllowQualifiedAliases bool }
		if p.Network.Type != "etcfiles" || json.Unmarshal(p.Bytes, &conf) != nil || conf.AllowQualifiedAliases {
			continue
		}
		for _, alias := range aliases {
			if strings.Contains(alias, ".") {
				return fmt.Errorf("network %s: alias %q has a dot, which its conflist allows with \"allowQualifiedAliases\": true only", network.Name, alias)
			}
		}
	}
	return nil
}
