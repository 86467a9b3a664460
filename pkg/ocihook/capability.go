package ocihook

import (
	"cmp"
	"fmt"
	"maps"
	"strings"

	"github.com/containernetworking/cni/libcni"

	"github.com/etcfiles/etcfiles/pkg/ocistate"
)

// Names of capabilities (CNI conventions; etcfiles is that plugin's own).
const (
	capabilityEtcfiles = "etcfiles"
	capabilityAliases  = "aliases"
	capabilityDNS      = "dns"
	capabilityPorts    = "portMappings"
	capabilityIPs      = "ips"
	capabilityMAC      = "mac"
)

// capabilityArgs returns, for each network, what the annotations and the bundle give to plugins that have declared the
// capability for it. It fails if something was asked for that no plugin would hear of.
func capabilityArgs(c *ocistate.Container, networks []*libcni.NetworkConfigList) ([]map[string]any, error) {
	own, err := settings(c)
	if err != nil {
		return nil, err
	}
	return annotatedArgs(c.Annotations, own, networks)
}

// annotatedArgs is capabilityArgs with what etcfiles is to be told beside the annotations.
func annotatedArgs(a map[string]string, own map[string]any, networks []*libcni.NetworkConfigList) ([]map[string]any, error) {
	ports, err := ports(a)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, n := range networks {
		names = append(names, n.Name)
	}
	ips, err := perNetwork(a, AnnotationIP, names)
	if err != nil {
		return nil, err
	}
	macs, err := perNetwork(a, AnnotationMAC, names)
	if err != nil {
		return nil, err
	}
	given, err := givenCapabilities(a, networks)
	if err != nil {
		return nil, err
	}
	out := make([]map[string]any, len(networks))
	for i, n := range networks {
		args := map[string]any{capabilityEtcfiles: own}
		maps.Copy(args, given[i])
		if aliases := list(a[AnnotationAliases]); len(aliases) > 0 {
			if !takes(n, capabilityEtcfiles) && !takes(n, capabilityAliases) {
				return nil, unheard(AnnotationAliases, n.Name, capabilityEtcfiles)
			}
			args[capabilityAliases] = aliases
		}
		if dns := dns(a); len(dns) > 0 {
			if !takes(n, capabilityDNS) {
				return nil, unheard(AnnotationDNS, n.Name, capabilityDNS)
			}
			args[capabilityDNS] = dns
		}
		if addresses := ips[n.Name]; len(addresses) > 0 {
			if !takes(n, capabilityIPs) {
				return nil, unheard(AnnotationIP, n.Name, capabilityIPs)
			}
			args[capabilityIPs] = addresses
		}
		if mac := macs[n.Name]; len(mac) > 0 {
			if !takes(n, capabilityMAC) {
				return nil, unheard(AnnotationMAC, n.Name, capabilityMAC)
			}
			if len(mac) > 1 {
				return nil, fmt.Errorf("%w %s: network %s: %s: an interface has one hardware address: give one, as NETWORK=MAC for each network",
					errAnnotation, AnnotationMAC, n.Name, strings.Join(mac, ", "))
			}
			args[capabilityMAC] = mac[0]
		}
		if len(ports) > 0 && takes(n, capabilityPorts) {
			args[capabilityPorts], ports = ports, nil // a port of the host leads to one place
		}
		out[i] = args
	}
	if len(ports) > 0 {
		return nil, unheard(AnnotationPorts, names[0], capabilityPorts)
	}
	return out, nil
}

func unheard(annotation, network, capability string) error {
	return fmt.Errorf("network %s: annotation %s: no plugin of the conflist has declared \"capabilities\": {%q: true}", network, annotation, capability)
}

// settings is the capability argument etcfiles.
func settings(c *ocistate.Container) (map[string]any, error) {
	s, err := loadSpec(c)
	if err != nil {
		return nil, err
	}
	uid, gid, mapped, err := s.owner(c)
	if err != nil {
		return nil, err
	}
	a := c.Annotations
	out := map[string]any{
		"namespace": c.Namespace,
		"name":      cmp.Or(a[AnnotationName], c.ShortID()),
		"hostname":  cmp.Or(a[AnnotationHostname], s.Hostname, c.ShortID()),
	}
	if d := cmp.Or(a[AnnotationDomainname], s.Domainname); d != "" {
		out["domainname"] = d
	}
	if mapped {
		out["owner"] = map[string]uint32{"uid": uid, "gid": gid}
	}
	if hosts := list(a[AnnotationExtraHosts]); len(hosts) > 0 {
		out["extraHosts"] = hosts
	}
	if aliases := list(a[AnnotationAliases]); len(aliases) > 0 {
		out["aliases"] = aliases
	}
	return out, nil
}

// dns is the capability argument dns of the CNI conventions.
func dns(annotations map[string]string) map[string]any {
	out := map[string]any{}
	for key, annotation := range map[string]string{
		"servers": AnnotationDNS, "searches": AnnotationDNSSearch, "options": AnnotationDNSOptions,
	} {
		if values := list(annotations[annotation]); len(values) > 0 {
			out[key] = values
		}
	}
	return out
}
