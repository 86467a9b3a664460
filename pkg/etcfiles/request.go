package etcfiles

import (
	"cmp"
	"fmt"
	"net/netip"
	"strings"

	types100 "github.com/containernetworking/cni/pkg/types/100"

	"github.com/etcfiles/etcfiles/pkg/hostsstore"
	"github.com/etcfiles/etcfiles/pkg/names"
	"github.com/etcfiles/etcfiles/pkg/resolvconf"
	"github.com/etcfiles/etcfiles/pkg/roster"
)

// Request is what Add is to do for one attachment.
type Request struct {
	Key
	Netns           string                // path of the network namespace
	Result          *types100.Result      // of the plugins before
	roster.Identity                       // what was given explicitly; "" for what was not
	Otherwise       *hostsstore.Otherwise // names where none is given explicitly; nil for no such
	Kubernetes      string                // Kubernetes namespace of the pod
	PodUID          string                // of the pod; "" if it is not known
	PodNames        string                // as in hostsstore.Asked
	ClusterDNS      bool                  // as in hostsstore.Asked
	Domain          string                // names are listed as name.Domain too
	Aliases         []string
	ExtraHosts      []ExtraHost
	// QualifiedAliases allows an alias with a dot in it.
	QualifiedAliases bool
	DNS              resolvconf.Sources
	// Owner is who is to own the container's files, by the word of its runtime: root of its user namespace. It is nil where
	// there is none, or nobody says it.
	Owner *hostsstore.Owner
	// Origins says where the namespace, the identity, the aliases and the extra hosts came from.
	Origins []hostsstore.Origin
	// Warnings are what is to be said of what was asked for.
	Warnings []string
}

// ExtraHost is one extra host as it was asked for.
type ExtraHost struct {
	Name        string
	Address     netip.Addr
	HostGateway bool // the gateway of the first network instead of Address
}

// hostGateway is the word that stands for the gateway of the first network.
const hostGateway = "host-gateway"

// ParseExtraHost parses "name:ip", split at the first colon, IPv6 with or without brackets, or "name:host-gateway". The
// error wraps ErrInvalid.
func ParseExtraHost(s string) (ExtraHost, error) {
	name, address, ok := strings.Cut(s, ":")
	if !ok || name == "" || address == "" {
		return ExtraHost{}, fmt.Errorf("extraHosts: %q: %w: want name:ip or name:host-gateway", s, ErrInvalid)
	}
	if err := names.Check(name); err != nil {
		return ExtraHost{}, fmt.Errorf("extraHosts: %q: %w: %w", s, ErrInvalid, err)
	}
	x := ExtraHost{Name: name}
	if address == hostGateway {
		x.HostGateway = true
		return x, nil
	}
	if inner, ok := strings.CutPrefix(address, "["); ok {
		address, ok = strings.CutSuffix(inner, "]")
		if !ok {
			address = ""
		}
	}
	addr, err := netip.ParseAddr(address)
	if err != nil || addr.Zone() != "" {
		return ExtraHost{}, fmt.Errorf("extraHosts: %q: %w: what follows the first colon is no IP address", s, ErrInvalid)
	}
	x.Address = addr.Unmap()
	return x, nil
}

// What one container may ask for: every file of its network has its names, and its own file and record have the rest.
const (
	maxAliases    = 256
	maxExtraHosts = 1024
)

// Validate refuses, as ErrInvalid, what cannot be written.
func (r *Request) Validate() error {
	if err := r.validate(); err != nil {
		return err
	}
	if n := len(r.Aliases); n > maxAliases {
		return fmt.Errorf("aliases: %w: %d names for container %s, which may have %d: give fewer", ErrInvalid, n, r.ContainerID, maxAliases)
	}
	if err := checkExtraHosts(r.ContainerID, len(r.ExtraHosts)); err != nil {
		return err
	}
	for _, c := range []struct {
		key, value string
		check      func(string) error
	}{
		{"name", r.Name, names.Check},
		{"hostname", r.Hostname, names.CheckHostname},
		{"domainname", r.Domainname, names.Check},
		{"domain", r.Domain, names.Check},
		{"K8S_POD_NAMESPACE", r.Kubernetes, names.Check},
		{"K8S_POD_UID", r.PodUID, names.Check},
	} {
		if err := c.check(c.value); err != nil {
			return fmt.Errorf("%s: %w: %w", c.key, ErrInvalid, err)
		}
	}
	if o := r.Otherwise; o != nil {
		if err := cmp.Or(names.Check(o.Name), names.CheckHostname(o.Hostname)); err != nil {
			return fmt.Errorf("%s: %w: %w", o.From, ErrInvalid, err)
		}
	}
	for _, alias := range r.Aliases {
		if err := names.Check(alias); err != nil {
			return fmt.Errorf("aliases: %w: %w", ErrInvalid, err)
		}
		if strings.Contains(alias, ".") && !r.QualifiedAliases {
			return fmt.Errorf("aliases: %w: %q has a dot; set allowQualifiedAliases to allow that", ErrInvalid, alias)
		}
	}
	_, err := r.addresses()
	return err
}

// checkExtraHosts refuses more extra hosts than a container may have.
func checkExtraHosts(id string, n int) error {
	if n > maxExtraHosts {
		return fmt.Errorf("extraHosts: %w: %d for container %s, which may have %d: give fewer", ErrInvalid, n, id, maxExtraHosts)
	}
	return nil
}

// addresses returns the addresses of the container in the result of the plugins before: those whose interface is in its
// sandbox or that name none. A result without any is legal, as of a bridge of layer 2 only.
func (r *Request) addresses() ([]netip.Addr, error) {
	var out []netip.Addr
	seen := map[netip.Addr]bool{}
	inside, elsewhere := r.sandboxes(), 0
	for i, ip := range r.Result.IPs {
		if n := ip.Interface; n != nil {
			if *n < 0 || *n >= len(r.Result.Interfaces) {
				return nil, fmt.Errorf("prevResult: %w: ips[%d] names interface %d of %d", ErrInvalid, i, *n, len(r.Result.Interfaces))
			}
			if sandbox := r.Result.Interfaces[*n].Sandbox; !inside[sandbox] {
				if sandbox != "" {
					elsewhere++
				}
				continue
			}
		}
		addr, ok := roster.Usable(ip.Address.IP)
		if ok && !seen[addr] {
			seen[addr] = true
			out = append(out, addr)
		}
	}
	if len(out) == 0 && len(r.Result.IPs) > elsewhere {
		return nil, fmt.Errorf("prevResult: %w: it has no address of the container that could be listed; place etcfiles after the plugin that gives addresses", ErrInvalid)
	}
	return out, nil
}

// sandboxes returns those in the result that are the container's: the one that is its network namespace, or all if none is,
// as with the runtimes of virtual machines.
func (r *Request) sandboxes() map[string]bool {
	all, own := map[string]bool{}, map[string]bool{}
	for _, i := range r.Result.Interfaces {
		if i.Sandbox == "" || all[i.Sandbox] {
			continue
		}
		all[i.Sandbox] = true
		if i.Sandbox == r.Netns || hostsstore.Same(i.Sandbox, r.Netns) {
			own[i.Sandbox] = true
		}
	}
	if len(own) > 0 {
		return own
	}
	return all
}

// FromPodName says that a name is that of a pod, see hostsstore.Origin.
const FromPodName = "CNI_ARGS K8S_POD_NAME"
