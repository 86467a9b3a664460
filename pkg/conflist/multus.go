package conflist

import (
	"fmt"
	"slices"
)

// delegating are the plugins of Multus, which have other configurations in their own: the first is that of every pod's eth0.
// See https://github.com/k8snetworkplumbingwg/multus-cni/blob/master/docs/configuration.md.
var delegating = []string{"multus", "multus-shim"}

// delegated looks into what a plugin of Multus delegates to, and reports whether that has etcfiles.
func (l *look) delegated(p *plugin) bool {
	if !slices.Contains(delegating, p.name) {
		return false
	}
	found := false
	list := p.get("delegates").list()
	for i, item := range list {
		inner := &look{
			Report: &Report{File: l.File, Network: l.Network}, Options: l.Options,
			prefix: fmt.Sprintf("%s[%d].", p.at("delegates"), i), list: item, version: l.version,
		}
		if inner.single() || item.get("plugins") == nil {
			continue
		}
		if name, ok := item.get("name").text(); ok {
			inner.Network = name
		}
		if version, ok := item.get("cniVersion").text(); ok {
			inner.version = version
		}
		inner.chain()
		inner.binaries()
		if inner.ours == nil {
			continue
		}
		inner.configuration()
		found = true
		l.Faults = append(l.Faults, inner.Faults...)
		if l.Result == nil {
			l.Result, l.Network = inner.Result, inner.Network
		}
	}
	network, given := p.get("clusterNetwork").text()
	switch {
	case found:
	case given:
		l.note(p.get("clusterNetwork"), p.at("clusterNetwork"), "pods get their first interface from %s: etcfiles belongs into that", network)
	case len(list) == 0:
		l.note(p.node, p.at("delegates"), "there are none here: etcfiles belongs into the conflist of the network that %s delegates to", p.name)
	default:
		l.wrong(p.get("delegates"), p.at("delegates"), "none has a plugin of type %q: put it last among the plugins of the first, which is every pod's network", pluginType)
	}
	return found
}
