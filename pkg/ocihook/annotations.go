package ocihook

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// The annotations of a container or a bundle that the hooks read. Lists are comma-separated.
const (
	AnnotationNetworks   = "etcfiles/networks"    // names of networks, in the order of eth0, eth1, …
	AnnotationPorts      = "etcfiles/ports"       // [hostIP:]hostPort:containerPort[/tcp|udp|sctp]
	AnnotationIP         = "etcfiles/ip"          // addresses, each as ADDRESS[/PREFIX] or NETWORK=ADDRESS[/PREFIX]
	AnnotationMAC        = "etcfiles/mac"         // hardware addresses, each as MAC or NETWORK=MAC
	AnnotationNetns      = "etcfiles/netns"       // path of the network namespace, where the runtime cannot show it (VMs)
	AnnotationName       = "etcfiles/name"        // the container's name
	AnnotationHostname   = "etcfiles/hostname"    // its hostname, over that of the bundle
	AnnotationDomainname = "etcfiles/domainname"  // its domain name, over that of the bundle
	AnnotationAliases    = "etcfiles/aliases"     // further names
	AnnotationExtraHosts = "etcfiles/extra-hosts" // name:ip or name:host-gateway
	AnnotationDNS        = "etcfiles/dns"         // addresses of nameservers
	AnnotationDNSSearch  = "etcfiles/dns-search"  // search domains
	AnnotationDNSOptions = "etcfiles/dns-options" // options of resolv.conf(5)
)

// errAnnotation is what is wrong with an annotation.
var errAnnotation = errors.New("wrong annotation")

// PortMapping is an entry of the capability portMappings (CNI conventions).
type PortMapping struct {
	HostPort      int    `json:"hostPort"`
	ContainerPort int    `json:"containerPort"`
	Protocol      string `json:"protocol"`
	HostIP        string `json:"hostIP,omitempty"`
}

// ParsePort reads [hostIP:]hostPort:containerPort[/protocol]. An IPv6 address stands in brackets. The protocol is tcp
// if none is given.
func ParsePort(s string) (PortMapping, error) {
	p := PortMapping{Protocol: "tcp"}
	wrong := fmt.Errorf("port %q: want [hostIP:]hostPort:containerPort[/tcp|udp|sctp]", s)
	numbers, protocol, ok := strings.Cut(s, "/")
	if ok {
		p.Protocol = strings.ToLower(protocol)
	}
	if !slices.Contains([]string{"tcp", "udp", "sctp"}, p.Protocol) {
		return p, wrong
	}
	host, container, ok := cutLast(numbers, ":")
	if !ok {
		return p, wrong
	}
	if ip, port, ok := cutLast(host, ":"); ok {
		addr, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(ip, "["), "]"))
		if err != nil || addr.Zone() != "" { // a zone may be any text
			return p, wrong
		}
		p.HostIP, host = addr.String(), port
	}
	hostPort, err := strconv.ParseUint(host, 10, 16)
	if err != nil || hostPort == 0 {
		return p, wrong
	}
	containerPort, err := strconv.ParseUint(container, 10, 16)
	if err != nil || containerPort == 0 {
		return p, wrong
	}
	p.HostPort, p.ContainerPort = int(hostPort), int(containerPort)
	return p, nil
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

// ports returns the port mappings of the annotations.
func ports(annotations map[string]string) ([]PortMapping, error) {
	var out []PortMapping
	for _, s := range list(annotations[AnnotationPorts]) {
		p, err := ParsePort(s)
		if err != nil {
			return nil, fmt.Errorf("%w %s: %w", errAnnotation, AnnotationPorts, err)
		}
		out = append(out, p)
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
