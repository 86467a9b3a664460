package request

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	types100 "github.com/containernetworking/cni/pkg/types/100"

	"github.com/etcfiles/etcfiles/pkg/hostsstore"
	"github.com/etcfiles/etcfiles/pkg/names"
	"github.com/etcfiles/etcfiles/pkg/resolvconf"
	"github.com/etcfiles/etcfiles/pkg/roster"
)

// Add is what Add of a Manager is to do for one attachment, and what its Check is to find.
type Add struct {
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

// HostGateway is the word in an extra host that stands for the gateway of the first network.
const HostGateway = "host-gateway"

// ParseExtraHost parses "name:ip", split at the first colon, IPv6 with or without brackets, or "name:host-gateway". The
// error is a KeyError.
func ParseExtraHost(s string) (ExtraHost, error) {
	refuse := func(format string, args ...any) (ExtraHost, error) {
		return ExtraHost{}, &KeyError{Key: "extraHosts", Value: strconv.Quote(s), Reason: fmt.Errorf(format, args...)}
	}
	name, address, ok := strings.Cut(s, ":")
	if !ok || name == "" || address == "" {
		return refuse("want name:ip or name:%s", HostGateway)
	}
	if err := names.Check(name); err != nil {
		return refuse("%w", err)
	}
	x := ExtraHost{Name: name}
	if address == HostGateway {
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
		return refuse("what follows the first colon is no IP address")
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
func (r *Add) Validate() error {
	if err := r.Key.Validate(); err != nil {
		return err
	}
	if n := len(r.Aliases); n > maxAliases {
		return Refuse("aliases", "%d names for container %s, which may have %d: give fewer", n, r.ContainerID, maxAliases)
	}
	if err := CheckExtraHosts(r.ContainerID, len(r.ExtraHosts)); err != nil {
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
			return &KeyError{Key: c.key, Reason: err}
		}
	}
	if o := r.Otherwise; o != nil {
		if err := cmp.Or(names.Check(o.Name), names.CheckHostname(o.Hostname)); err != nil {
			return &KeyError{Key: o.From, Reason: err}
		}
	}
	for _, alias := range r.Aliases {
		if err := names.Check(alias); err != nil {
			return &KeyError{Key: "aliases", Reason: err}
		}
		if strings.Contains(alias, ".") && !r.QualifiedAliases {
			return Refuse("aliases", "%q has a dot; set allowQualifiedAliases to allow that", alias)
		}
	}
	_, err := r.ListedAddresses()
	return err
}

// CheckExtraHosts refuses, as ErrInvalid, more extra hosts than a container may have.
func CheckExtraHosts(id string, n int) error {
	if n > maxExtraHosts {
		return Refuse("extraHosts", "%d for container %s, which may have %d: give fewer", n, id, maxExtraHosts)
	}
	return nil
}

// ListedAddresses returns the addresses of the container in the result of the plugins before: those whose interface is in its
// sandbox or that name none. A result without any is legal, as of a bridge of layer 2 only.
func (r *Add) ListedAddresses() ([]netip.Addr, error) {
	var out []netip.Addr
	seen := map[netip.Addr]bool{}
	inside, elsewhere := r.sandboxes(), 0
	for i, ip := range r.Result.IPs {
		if n := ip.Interface; n != nil {
			if *n < 0 || *n >= len(r.Result.Interfaces) {
				return nil, Refuse("prevResult", "ips[%d] names interface %d of %d", i, *n, len(r.Result.Interfaces))
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
		return nil, Refuse("prevResult", "it has no address of the container that could be listed; place etcfiles after the plugin that gives addresses")
	}
	return out, nil
}

// sandboxes returns those in the result that are the container's: the one that is its network namespace, or all if none is,
// as with the runtimes of virtual machines.
func (r *Add) sandboxes() map[string]bool {
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

// InterfaceOf returns the interface that the result gives an address to, "" if it names none.
func (r *Add) InterfaceOf(addr netip.Addr) string {
	for _, ip := range r.Result.IPs {
		if have, ok := netip.AddrFromSlice(ip.Address.IP); ok && have.Unmap() == addr && ip.Interface != nil {
			return r.Result.Interfaces[*ip.Interface].Name
		}
	}
	return ""
}

// Resolve chooses the content of resolv.conf. A value that cannot be written is a KeyError.
func (r *Add) Resolve() (resolvconf.Result, error) {
	result, err := resolvconf.Resolve(r.DNS)
	var refused *resolvconf.ValueError
	if errors.As(err, &refused) {
		err = &KeyError{Key: refused.Key, Value: refused.Value, Reason: refused.Reason}
	}
	return result, err
}
