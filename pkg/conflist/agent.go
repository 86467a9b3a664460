package conflist

import (
	"cmp"
	"slices"
	"strings"
)

// Agent is a program that writes a configuration for its own plugin, and writes it anew: when it starts, when it is updated, and some of them
// whenever somebody else has changed it.
type Agent struct {
	Name     string `json:"name"`
	Template string `json:"template"` // a sentence without a full stop: how the plugin gets into the configuration for good

	removal string   // the same for how it gets out again, "" if that is in the same place
	plugins []string // types of the plugins that come with it
	dir     string   // it writes below this directory only, "" for any
	fixed   bool     // it has no template that could have the plugin
}

// String says that it owns the file.
func (a *Agent) String() string {
	if a.fixed {
		return a.Name + " writes it anew, without a template for a chain"
	}
	return a.Name + " writes it anew from its own template"
}

// ForGood says how the plugin gets into the configuration for good, or out of it; "" where an agent has no template, and what is taken out comes
// back by nobody's hand.
func (e *Edit) ForGood() string {
	switch a := e.Agent; {
	case a == nil || e.removal && (a.fixed || !e.Changed()):
		return ""
	case e.removal:
		return cmp.Or(a.removal, a.Template)
	default:
		return a.Template
	}
}

// agents are in the order in which they are asked: Multus has other agents' plugins in its own configuration, and so has k3s.
var agents = []Agent{
	{
		Name: "Multus", plugins: []string{"multus", "multus-shim"},
		Template: "add the plugin to the conflist of the default network, which Multus takes over (with clusterNetwork or multusConfigFile auto), or to the delegates in the ConfigMap multus-cni-config or multus-daemon-config",
		removal:  "take the plugin out of the conflist of the default network, or of the delegates in the ConfigMap multus-cni-config or multus-daemon-config",
	},
	{
		Name: "k3s", plugins: []string{"flannel"}, dir: "/var/lib/rancher/k3s/",
		Template: "copy the changed conflist to a path of your own and name that with k3s' flag --flannel-cni-conf",
	},
	{
		Name: "Calico", plugins: []string{"calico"},
		Template: "change cni_network_config in the ConfigMap calico-config of the manifest; Tigera's operator has no template that can be changed",
	},
	{
		Name: "Cilium", plugins: []string{"cilium-cni"},
		Template: "give Cilium the changed conflist as a ConfigMap, with the Helm values cni.customConf=true and cni.configMap",
	},
	{
		Name: "flannel", plugins: []string{"flannel"},
		Template: "change cni-conf.json in the ConfigMap kube-flannel-cfg",
	},
	{
		Name: "kube-ovn", plugins: []string{"kube-ovn"},
		Template: "mount the changed conflist where the flag --cni-conf-file of kube-ovn-cni says, /kube-ovn/01-kube-ovn.conflist by default",
	},
	{
		Name: "OVN-Kubernetes", plugins: []string{"ovn-k8s-cni-overlay"}, fixed: true,
		Template: "use Multus or another default network where pods need etcfiles",
	},
	{
		Name: "Antrea", plugins: []string{"antrea"},
		Template: "change antrea-cni.conflist in the ConfigMap antrea-config",
	},
}

// agentOf returns who owns a configuration with these plugins, nil for nobody who is known.
func agentOf(file string, items []*node) *Agent {
	for i := range agents {
		a := &agents[i]
		has := func(item *node) bool {
			name, _ := item.get("type").text()
			return slices.Contains(a.plugins, name)
		}
		if strings.HasPrefix(file, a.dir) && slices.ContainsFunc(items, has) {
			return a
		}
	}
	return nil
}
