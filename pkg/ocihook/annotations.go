package ocihook

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// The annotations of a container or a bundle that the hooks read. Lists are comma-separated.
const (
	AnnotationNetworks   = annotationPrefix + "networks"    // names of networks, in the order of eth0, eth1, …
	AnnotationPorts      = annotationPrefix + "ports"       // [hostIP:]hostPort:containerPort[/tcp|udp|sctp], each port perhaps a range
	AnnotationIP         = annotationPrefix + "ip"          // addresses, each as ADDRESS[/PREFIX] or NETWORK=ADDRESS[/PREFIX]
	AnnotationMAC        = annotationPrefix + "mac"         // hardware addresses, each as MAC or NETWORK=MAC
	AnnotationNetns      = annotationPrefix + "netns"       // path of the network namespace, where the runtime cannot show it (VMs)
	AnnotationName       = annotationPrefix + "name"        // the container's name
	AnnotationHostname   = annotationPrefix + "hostname"    // its hostname, over that of the bundle
	AnnotationDomainname = annotationPrefix + "domainname"  // its domain name, over that of the bundle
	AnnotationAliases    = annotationPrefix + "aliases"     // further names
	AnnotationExtraHosts = annotationPrefix + "extra-hosts" // name:ip or name:host-gateway
	AnnotationDNS        = annotationPrefix + "dns"         // addresses of nameservers
	AnnotationDNSSearch  = annotationPrefix + "dns-search"  // search domains
	AnnotationDNSOptions = annotationPrefix + "dns-options" // options of resolv.conf(5)
	// AnnotationCapabilities is a JSON object of values for capabilities, each with CAPABILITY or NETWORK=CAPABILITY as key.
	AnnotationCapabilities = annotationPrefix + "capabilities"
	AnnotationArgs         = annotationPrefix + "args" // CNI_ARGS, each as KEY=VALUE
)

const annotationPrefix = "etcfiles/"

// annotations are all that there are.
var annotations = []string{
	AnnotationNetworks, AnnotationPorts, AnnotationIP, AnnotationMAC, AnnotationNetns, AnnotationName, AnnotationHostname,
	AnnotationDomainname, AnnotationAliases, AnnotationExtraHosts, AnnotationDNS, AnnotationDNSSearch, AnnotationDNSOptions,
	AnnotationCapabilities, AnnotationArgs,
}

// errAnnotation is what is wrong with an annotation.
var errAnnotation = errors.New("wrong annotation")

// ports returns the port mappings of the annotations.
func ports(annotations map[string]string) ([]PortMapping, error) {
	out, err := ParsePorts(annotations[AnnotationPorts])
	if err != nil {
		return nil, fmt.Errorf("%w %s: %w", errAnnotation, AnnotationPorts, err)
	}
	return out, nil
}

// perNetwork reads a list of VALUE or NETWORK=VALUE; a value without a network is the first network's.
func perNetwork(annotations map[string]string, key string, networks []string) (map[string][]string, error) {
	out := map[string][]string{}
	for _, s := range list(annotations[key]) {
		network, value, ok := strings.Cut(s, "=")
		if !ok {
			network, value = networks[0], s
		}
		network, value = strings.TrimSpace(network), strings.TrimSpace(value)
		if !slices.Contains(networks, network) {
			return nil, fmt.Errorf("%w %s: the container is not on network %q", errAnnotation, key, network)
		}
		out[network] = append(out[network], value)
	}
	return out, nil
}

// list splits a comma-separated list and drops what is empty.
func list(s string) []string {
	var out []string
	for part := range strings.SplitSeq(s, ",") {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}
