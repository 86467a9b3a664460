package main

import (
	"strings"

	"github.com/etcfiles/etcfiles/pkg/netconf"
	"github.com/etcfiles/etcfiles/plugins/etcd/etcfiles-etcd/config"
)

var dataFiles = []item{
	{Term: "/var/lib/etcfiles/etchosts/NAMESPACE/ID/hosts", Text: "a container's /etc/hosts; its inode never changes"},
	{Term: "/var/lib/etcfiles/etchosts/NAMESPACE/ID/meta.json", Text: "its record: the truth, all else can be made again from it"},
	{Term: "/var/lib/etcfiles/etchosts/NAMESPACE/ID/netns", Text: "device and inode of its network namespace"},
	{Term: "/var/lib/etcfiles/containers/NAMESPACE/ID/resolv.conf, hostname", Text: "its other files"},
	{Term: "/var/lib/etcfiles/networks/NAMESPACE/NETWORK/hosts", Text: "every live container of a network, for dnsmasq, CoreDNS or you"},
	{Term: "/var/lib/etcfiles/index/NAMESPACE", Text: "caches of the running boot; safe to delete at any time"},
}

var etcfilesPage = page{
	Sections: []section{
		{Title: "EXIT STATUS", Items: []item{
			{Term: "0", Text: "all went well"},
			{Term: "1", Text: "the answer is no, or something is wrong with what was looked at"},
			{Term: "2", Text: "the command line is wrong"},
			{Term: "3", Text: "it could not be done; one line says what to do"},
		}},
		{Title: "FILES", Items: dataFiles},
	},
	SeeAlso: []string{"etcfiles-conflist(5)", "etcfiles-mount(8)", "etcfiles-nri(8)", "oci-cni-hook(8)", "hosts(5)", "resolv.conf(5)"},
}

var hookStatus = section{Title: "EXIT STATUS", Items: []item{
	{Term: "0", Text: "all went well"}, {Term: "1", Text: "it failed; a container whose hook fails does not start"}, {Term: "2", Text: "the command line is wrong"},
}}

var hookPage = page{
	Sections: []section{hookStatus, {Title: "FILES", Items: []item{
		{Term: "/etc/cni/net.d", Text: "conflists"},
		{Term: "/run/etcfiles/netns/NAMESPACE-ID", Text: "the pin of a container's network namespace; a dash in NAMESPACE is doubled"},
		{Term: "/run/etcfiles/containers/NAMESPACE-ID", Text: "what is to be deleted for it"},
	}}},
	SeeAlso: []string{"etcfiles(8)", "etcfiles-conflist(5)", "etcfiles-mount(8)", "oci-hooks(5)", "runc(8)", "systemd.timer(5)"},
}

var mountPage = page{
	Sections: []section{hookStatus, {Title: "FILES", Items: dataFiles}},
	SeeAlso:  []string{"etcfiles(8)", "oci-cni-hook(8)", "oci-hooks(5)"},
}

var etcdPage = page{
	Sections: []section{
		{Title: "CONFIGURATION", Text: config.Path + " is a JSON object with these keys; any other is refused:", Items: settings(config.Settings)},
		{Title: "NETWORKS", Text: "Each of networks is an object with these keys:", Items: settings(config.NetworkSettings)},
		{Title: "EXIT STATUS", Items: []item{
			{Term: "0", Text: "all went well"},
			{Term: "1", Text: "the answer is no: etcd is away or something is refused (status), or another machine has the name of this host (run)"},
			{Term: "2", Text: "the command line is wrong"},
			{Term: "3", Text: "it could not be done; one line says what to do"},
		}},
		{Title: "FILES", Items: []item{
			{Term: config.Path, Text: "the configuration"},
			{Term: "/run/etcfiles-etcd", Text: "what the service leaves for the next one, and for status"},
			{Term: "/var/lib/etcfiles/remote/NAMESPACE/NETWORK/HOST", Text: "the names of another host, of this boot"},
			{Term: "/var/lib/etcfiles/networks/NAMESPACE/NETWORK/hosts", Text: "every container of a network on all hosts, for dnsmasq, CoreDNS or you"},
		}},
	},
	SeeAlso: []string{"etcfiles(8)", "etcfiles-conflist(5)", "hosts(5)", "https://etcd.io/docs/"},
}

func settings(list []config.Setting) []item {
	var out []item
	for _, s := range list {
		text := s.Meaning
		if s.Default != "" {
			text += " (default " + s.Default + ")"
		}
		out = append(out, item{Term: s.Name, Text: text})
	}
	return out
}

const (
	conflistShort = "the part of a CNI conflist that is for etcfiles"
	conflistText  = `A conflist of /etc/cni/net.d is a list of CNI plugins that a container runtime runs one after another. etcfiles comes last, after
the plugins that make the interface and give the address: it reads their result. A key that is not below is refused, so that a typing error does
not pass silently; etcfiles config CONFLIST says which line is wrong.`
)

var conflistPage = page{
	Name: "etcfiles-conflist", Section: 5,
	Sections: []section{
		{Title: "KEYS", Text: "Besides type, which is etcfiles:", Items: items(netconf.Keys)},
		{Title: "CAPABILITIES", Text: "What capabilities may declare. A runtime then gives, for one container, in its runtimeConfig:", Items: items(netconf.Capabilities)},
		{Title: "FILES", Items: []item{{Term: "/etc/cni/net.d", Text: "conflists"}, {Term: "/usr/share/doc/etcfiles/examples", Text: "examples"}}},
	},
	SeeAlso: []string{"etcfiles(8)", "oci-cni-hook(8)", "https://www.cni.dev/docs/spec/"},
}

const (
	nriShort = "mount the files of etcfiles into the containers of pods"
	nriText  = `etcfiles-nri is a plugin of containerd's Node Resource Interface, for containerd 2.x. When a container of a pod is created it has the hosts and
resolv.conf files that etcfiles keeps for the pod mounted in it, in the place of those of CRI. A pod that the store knows nothing of is left alone.

As a pre-installed plugin, /opt/nri/plugins/10-etcfiles-nri, containerd starts it; with --idx, as in etcfiles-nri.service, it connects to the containerd
that runs. Use one of the two, not both. Either way it ends with containerd; the service starts it again until containerd is there.

While it is not there, new containers silently have the files of CRI, unless containerd's default_validator names it in required_plugins: then none is
created.`
)

var nriPage = page{
	Name: "etcfiles-nri", Section: 8,
	Synopsis: []string{"etcfiles-nri", "etcfiles-nri --idx NN", "etcfiles-nri version"},
	Sections: []section{
		{Title: "OPTIONS", Items: []item{
			{Term: "--idx NN", Text: "connect to the containerd that runs, as plugin NN-etcfiles-nri; plugins are called in the order of these two digits"},
		}},
		{Title: "SETTINGS", Text: "JSON, read when it connects. With settings that are wrong no container of a pod is created, and the error says why.", Items: []item{
			{Term: "dataDir", Text: "text: the absolute path of the store (default /var/lib/etcfiles)"},
			{Term: "namespace", Text: "text: the namespace in the store (default k8s.io)"},
		}},
		{Title: "EXIT STATUS", Items: []item{
			{Term: "0", Text: "it was ended by SIGTERM or SIGINT"}, {Term: "1", Text: "containerd is not there, or has ended"}, {Term: "2", Text: "the command line is wrong"},
		}},
		{Title: "FILES", Items: []item{
			{Term: "/opt/nri/plugins/10-etcfiles-nri", Text: "where containerd looks for a pre-installed plugin"},
			{Term: "/etc/nri/conf.d/10-etcfiles-nri.conf", Text: "the settings, if any, such as {\"dataDir\": \"/var/lib/etcfiles\", \"namespace\": \"k8s.io\"}"},
			{Term: "/var/run/nri/nri.sock", Text: "containerd's socket, to which --idx connects"},
		}},
	},
	SeeAlso: []string{"etcfiles(8)", "etcfiles-mount(8)", "systemd.service(5)", "https://github.com/containerd/nri"},
}

func items(keys []netconf.Key) []item {
	var out []item
	for _, k := range keys {
		text := k.Type + ": " + k.Meaning
		if k.Default != "" {
			text += " (default " + k.Default + ")"
		}
		out = append(out, item{Term: k.Name, Text: strings.ReplaceAll(text, "`", "")})
	}
	return out
}
