package hostsstore

import (
	"maps"
	"net/netip"
	"reflect"
	"slices"

	"github.com/containernetworking/cni/pkg/types"
	types100 "github.com/containernetworking/cni/pkg/types/100"
)

// merged returns the record as it is written: the results of attachments as those of their networks, which is where nerdctl
// looks, and with the attachment only where there are several.
func (r *Record) merged() *Record {
	if r.Etcfiles == nil {
		return r
	}
	out, d := *r, *r.Etcfiles
	out.Etcfiles, out.Networks = &d, map[string]*types100.Result{}
	d.Attachments = slices.Clone(d.Attachments)
	several := map[string]int{}
	for i := range d.Attachments {
		a := &d.Attachments[i]
		several[a.Network]++
		out.Networks[a.Network] = joined(out.Networks[a.Network], a.Result)
	}
	for i := range d.Attachments {
		if a := &d.Attachments[i]; several[a.Network] == 1 {
			a.Result = nil
		}
	}
	maps.DeleteFunc(out.Networks, func(_ string, result *types100.Result) bool { return result == nil })
	return &out
}

// joined adds a second result of a network to the first one.
func joined(first, second *types100.Result) *types100.Result {
	if first == nil || second == nil {
		if first == nil {
			first = second
		}
		return first
	}
	all := *first
	all.Interfaces = slices.Concat(first.Interfaces, second.Interfaces)
	all.Routes = slices.Concat(first.Routes, second.Routes)
	all.IPs = slices.Clone(first.IPs)
	for _, ip := range second.IPs {
		moved := *ip
		if ip.Interface != nil {
			moved.Interface = types100.Int(*ip.Interface + len(first.Interfaces))
		}
		all.IPs = append(all.IPs, &moved)
	}
	return &all
}

// part gives each attachment its own result. Records of formats 1 and 2 have one for each network, in which those of
// attachments that went have left interfaces and routes.
func (r *Record) part() {
	if r.Etcfiles == nil {
		return
	}
	list := r.Etcfiles.Attachments
	for i := range list {
		a := &list[i]
		alone := !slices.ContainsFunc(list, func(other Attachment) bool {
			return other.Network == a.Network && other.IfName != a.IfName
		})
		if a.Result == nil {
			if a.Result = r.Networks[a.Network]; a.Result != nil && (!alone || r.Etcfiles.Version < 3) {
				a.Result = resultOf(a, a.Result, alone)
			}
		}
	}
}

// resultOf returns what an attachment has of the result of its network: the addresses that are its own, unless it is alone
// there, the last of the interfaces of one name in each sandbox that these addresses or none are on, and each route once.
func resultOf(a *Attachment, all *types100.Result, alone bool) *types100.Result {
	out := *all
	out.IPs, out.Interfaces, out.Routes = nil, nil, nil
	number := map[int]int{} // of an interface before, and now
	used := map[int]bool{}
	for _, ip := range all.IPs {
		addr, _ := netip.AddrFromSlice(ip.Address.IP)
		if !alone && !slices.Contains(a.Addresses, addr.Unmap()) {
			continue
		}
		mine := *ip
		if ip.Interface != nil {
			mine.Interface = types100.Int(*ip.Interface)
			used[*ip.Interface] = true
		}
		out.IPs = append(out.IPs, &mine)
	}
	for i, iface := range all.Interfaces {
		if iface == nil {
			continue
		}
		later := slices.ContainsFunc(all.Interfaces[i+1:], func(other *types100.Interface) bool {
			return other != nil && other.Name == iface.Name && other.Sandbox == iface.Sandbox
		})
		foreign := iface.Sandbox != "" && iface.Name != a.IfName
		if used[i] || !later && !foreign {
			number[i] = len(out.Interfaces)
			out.Interfaces = append(out.Interfaces, iface)
		}
	}
	for _, ip := range out.IPs {
		if ip.Interface != nil {
			if n, ok := number[*ip.Interface]; ok {
				*ip.Interface = n
			} else {
				ip.Interface = nil
			}
		}
	}
	for _, route := range all.Routes {
		if !slices.ContainsFunc(out.Routes, func(other *types.Route) bool { return reflect.DeepEqual(other, route) }) {
			out.Routes = append(out.Routes, route)
		}
	}
	return &out
}
