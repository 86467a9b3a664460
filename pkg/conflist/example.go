package conflist

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"path/filepath"
	"strings"

	"github.com/containernetworking/cni/pkg/skel"
	types100 "github.com/containernetworking/cni/pkg/types/100"

	"github.com/etcfiles/etcfiles/pkg/etcfiles"
	"github.com/etcfiles/etcfiles/pkg/netconf"
	"github.com/etcfiles/etcfiles/pkg/request"
	"github.com/etcfiles/etcfiles/pkg/resolvconf"
)

// Example is a container that somebody might start; empty fields are not given.
type Example struct {
	ID             string
	Name, Hostname string
	Aliases        []string
	Pod, PodNS     string // Kubernetes
}

// Result is what the example would get.
type Result struct {
	ID         string   `json:"id"`
	Namespace  string   `json:"namespace"`
	DataDir    string   `json:"dataDir"`
	Hostname   string   `json:"hostname"`
	Names      []string `json:"names"`
	Addresses  []string `json:"addresses"`
	Sample     bool     `json:"anyAddress,omitempty"` // nothing in the conflist says which addresses there are
	Hosts      string   `json:"hosts"`
	ResolvConf string   `json:"resolvConf"`
	Origins    []Origin `json:"origins"` // of the parts of resolv.conf
	Warnings   []string `json:"warnings,omitempty"`
}

// Origin is where a part of resolv.conf comes from.
type Origin struct {
	Key    string   `json:"key"` // nameservers, search or options
	Values []string `json:"values,omitempty"`
	From   string   `json:"from"`
}

// configuration looks at our part of the list, as the plugin would with the example.
func (l *look) configuration() {
	l.missingCapabilities()
	stdin, args, err := l.call()
	if err != nil {
		l.wrong(l.ours.node, l.ours.key, "%v", err)
		return
	}
	conf, errs := netconf.ParseAll(stdin)
	for _, err := range errs {
		l.keyError(err)
	}
	if conf == nil {
		return
	}
	bad := conf.Values()
	for _, err := range bad {
		l.keyError(err)
	}
	result := &Result{ID: args.ContainerID}
	m := conf.Manager(func(format string, args ...any) {
		result.Warnings = append(result.Warnings, fmt.Sprintf(format, args...))
	})
	if !filepath.IsAbs(conf.DataDir) { // that is one of the errors
		return
	}
	for _, namespace := range conf.Namespaces(args) {
		if err := m.Status(namespace, conf.Name); err != nil {
			l.wrongKey("dataDir", err.Error())
			break
		}
	}
	if len(errs)+len(bad) > 0 {
		return
	}
	asked, _, err := conf.Request(args)
	if err == nil {
		err = conf.ReadHostDNS(&asked.DNS)
	}
	var preview *etcfiles.Preview
	if err == nil {
		preview, err = m.Preview(asked)
	}
	if err != nil {
		l.keyError(err)
		return
	}
	if l.Example.Pod != "" && asked.PodNames == "" && conf.Capabilities["dns"] {
		at, key := l.ours.node, l.ours.key
		if n := l.ours.get("podNames"); n != nil {
			at, key = n, l.ours.at("podNames")
		}
		l.note(at, key, "podNames is auto: a pod that has the DNS of a cluster is %s.%s.pod to its peers, and not known to them by the names below", l.Example.Pod, l.Example.PodNS)
	}
	result.Namespace, result.DataDir, result.Hostname, result.Names = asked.Namespace, conf.DataDir, preview.Hostname, preview.Names
	result.Hosts, result.ResolvConf = preview.Hosts, string(preview.ResolvConf.Bytes())
	result.Origins = origins(asked.DNS.Host.Path, preview.ResolvConf)
	var addresses []netip.Prefix
	addresses, result.Sample = l.addresses()
	for _, prefix := range addresses {
		result.Addresses = append(result.Addresses, prefix.Addr().String())
	}
	l.Result = result
}

// keyError notes an error of the plugin at the line of its key, if it is about one.
func (l *look) keyError(err error) {
	var unknown *netconf.UnknownKeyError
	var known *request.KeyError
	switch {
	case errors.As(err, &unknown):
		l.wrongKey(unknown.Key, unknown.Error())
	case errors.As(err, &known) && l.has(known.Key):
		l.wrongKey(known.Key, known.Why())
	case errors.As(err, &known): // of what the example brings, or of what is not given
		l.wrongKey("", "an ADD of the example would fail: "+known.Key+": "+known.Why())
	default:
		l.wrongKey("", "an ADD of the example would fail: "+err.Error())
	}
}

// has reports whether our part of the list has a key, or the first of those above it.
func (l *look) has(key string) bool {
	first, _, _ := strings.Cut(key, ".")
	return l.ours.get(first) != nil
}

// wrongKey notes what is wrong with a key of our part of the list, "" for the whole of it, at its line.
func (l *look) wrongKey(key, message string) {
	where := l.ours.key
	if key != "" {
		where = l.ours.at(key)
	}
	l.Faults = append(l.Faults, Fault{File: cmp.Or(l.ours.file, l.File), Line: l.ours.lineOfKey(key), Key: where, Message: message})
}

// missingCapabilities says what will not work.
func (l *look) missingCapabilities() {
	at := l.ours.get("capabilities")
	var have map[string]bool
	if at == nil {
		at = l.ours.node
	} else if json.Unmarshal(at.raw, &have) != nil {
		return // that is an error
	}
	for _, c := range netconf.Capabilities {
		if !have[c.Name] {
			l.note(at, l.ours.at("capabilities"), "without %q %s", c.Name, c.Without)
		}
	}
}

// call returns the standard input and the arguments of an ADD of the example, as libcni makes them.
func (l *look) call() ([]byte, *skel.CmdArgs, error) {
	e := l.Example
	stdin := map[string]json.RawMessage{}
	for _, f := range l.ours.fields {
		stdin[f.key] = f.raw
	}
	args := &skel.CmdArgs{ContainerID: e.ID, IfName: "eth0", Netns: "/var/run/netns/" + e.ID}
	if e.Pod != "" {
		args.Args = "K8S_POD_NAME=" + e.Pod + ";K8S_POD_NAMESPACE=" + e.PodNS
	}
	put := func(key string, v any) error {
		raw, err := json.Marshal(v)
		stdin[key] = raw
		return err
	}
	previous, err := l.previous(args)
	if err == nil {
		err = errors.Join(put("name", cmp.Or(l.Network, "network")), put("cniVersion", cmp.Or(l.version, anyVersion)), put("prevResult", previous), put("runtimeConfig", l.given(e)))
	}
	if err != nil {
		return nil, nil, err
	}
	text, err := json.Marshal(stdin)
	return text, args, err
}

// given returns what a runtime can hand over of the example: by the capabilities that the conflist has.
func (l *look) given(e Example) map[string]any {
	var can map[string]bool
	if at := l.ours.get("capabilities"); at != nil {
		_ = json.Unmarshal(at.raw, &can) // an error of its own
	}
	own := map[string]any{}
	if e.Name != "" {
		own["name"] = e.Name
	}
	if e.Hostname != "" {
		own["hostname"] = e.Hostname
	}
	runtime := map[string]any{}
	if can["etcfiles"] && len(own) > 0 {
		runtime["etcfiles"] = own
	}
	if can["aliases"] && len(e.Aliases) > 0 {
		runtime["aliases"] = map[string][]string{l.Network: e.Aliases}
	}
	for _, lost := range []struct {
		capability, what string
		given            bool
	}{{"etcfiles", "name and hostname", len(own) > 0}, {"aliases", "aliases", len(e.Aliases) > 0}} {
		if lost.given && !can[lost.capability] {
			l.note(l.ours.node, l.ours.at("capabilities"), "the example's %s are lost: there is no capability %q", lost.what, lost.capability)
		}
	}
	return runtime
}

// previous is a result of the plugins before, in the version of the list.
func (l *look) previous(args *skel.CmdArgs) (any, error) {
	result := &types100.Result{
		CNIVersion: types100.ImplementedSpecVersion,
		Interfaces: []*types100.Interface{{Name: args.IfName, Sandbox: args.Netns}},
	}
	prefixes, _ := l.addresses()
	for _, prefix := range prefixes {
		result.IPs = append(result.IPs, &types100.IPConfig{
			Interface: types100.Int(0), Gateway: prefix.Masked().Addr().Next().AsSlice(),
			Address: net.IPNet{IP: prefix.Addr().AsSlice(), Mask: net.CIDRMask(prefix.Bits(), prefix.Addr().BitLen())},
		})
	}
	return result.GetAsVersion(cmp.Or(l.version, anyVersion))
}

// anyVersion stands for a version that is missing or wrong.
const anyVersion = "1.0.0"

// documentation is of a prefix of RFC 5737 for examples.
const documentation = "192.0.2.2/24"

// addresses returns what the first IPAM plugin might give, with the prefixes; sample is true if nothing says which addresses
// there are.
func (l *look) addresses() (list []netip.Prefix, sample bool) {
	type ipRange struct{ Subnet, RangeStart string }
	for _, p := range l.plugins {
		if p.ipam == "" || p.position > l.ours.position {
			continue
		}
		var ipam struct {
			ipRange
			Ranges    [][]ipRange
			Addresses []struct{ Address string }
		}
		_ = json.Unmarshal(p.get("ipam").raw, &ipam) // what cannot be understood is not there
		for _, a := range ipam.Addresses {
			if prefix, err := netip.ParsePrefix(a.Address); err == nil {
				list = append(list, prefix)
			}
		}
		for _, set := range append(ipam.Ranges, []ipRange{{ipam.Subnet, ipam.RangeStart}}) {
			if len(set) == 0 {
				continue
			}
			prefix, err := netip.ParsePrefix(set[0].Subnet)
			if err != nil {
				continue
			}
			addr, err := netip.ParseAddr(set[0].RangeStart)
			if err != nil || !prefix.Contains(addr) {
				addr = prefix.Masked().Addr().Next().Next() // the first is the gateway's
			}
			list = append(list, netip.PrefixFrom(addr, prefix.Bits()))
		}
		if len(list) > 0 {
			return list, false
		}
	}
	return []netip.Prefix{netip.MustParsePrefix(documentation)}, true
}

// origins says where each part of resolv.conf comes from.
func origins(host string, have resolvconf.Result) []Origin {
	host = cmp.Or(host, "any file of the host")
	out := []Origin{
		{Key: "nameservers", From: "nothing that a container could reach in " + host},
		{Key: "search", From: "nothing in " + host},
		{Key: "options", From: "nothing in " + host},
	}
	for i := range out {
		part := &out[i]
		for _, o := range have.Origins {
			if o.Key == part.Key {
				part.From, part.Values = o.From, append(part.Values, o.Value)
			}
		}
	}
	return out
}
