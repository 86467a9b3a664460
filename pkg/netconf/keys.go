package netconf

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/etcfiles/etcfiles/pkg/etcfiles"
)

// Key is a key of the plugin's part of a conflist, or a capability in it.
type Key struct {
	Name    string
	Type    string // of the JSON value
	Default string // in words or as a value; "" for none
	Meaning string // one sentence without a full stop
}

// Keys are the plugin's own keys, besides type, in the order of its reference page.
var Keys = []Key{
	{"dataDir", "string", DefaultDataDir, "absolute path of the store"},
	{"namespace", "string", "k8s.io with K8S_POD_NAME in CNI_ARGS, else default", "containers see each other within one namespace"},
	{"domain", "string", "", "names are listed as name.<domain> too"},
	{"dns", "object", "", "CNI's dns: nameservers, domain, search, options, for resolv.conf"},
	{"fallbackNameservers", "list of strings", "", "used when no usable nameserver is left; none is ever invented"},
	{"extraHosts", "list of strings", "", `"name:ip", or "name:host-gateway" for the gateway of the first network; IPv6 with or without brackets`},
	{"marker", "string", DefaultMarker, "the word in the marker lines; nerdctl to share a nerdctl data root"},
	{"allowQualifiedAliases", "boolean", "false", "without it an alias with a dot is refused"},
	{"keepFiles", "boolean", "false", "DEL leaves the container's own three files; etcfiles rm NAMESPACE/ID removes them"},
	{"baseHostsFile", "string", "", "absolute path of a file whose lines come first in every new hosts file; absent is no error"},
	{"lockTimeout", "string", "30s", "how long to wait for other operations on the namespace, a duration such as 30s"},
	{"logFile", "string", "", "absolute path of a file with one line for each operation; rotation is left to logrotate"},
	{"logLevel", "string", "info", "debug, info, warn or error"},
}

// Capabilities are what the plugin's capabilities may declare, and what a runtime then gives for a container.
var Capabilities = []Key{
	{Name: "etcfiles", Type: "object", Meaning: "name, hostname, domainname, namespace, aliases (list), extraHosts (list of name:ip), dns (servers, searches, options)"},
	{Name: "aliases", Type: "list or object", Meaning: "further names: a list, or an object with a list for each network"},
	{Name: "dns", Type: "object", Meaning: "servers, searches and options for resolv.conf, in small or capital letters"},
	{Name: annotationsCapability, Type: "object", Meaning: annotationName + ", " + annotationHostname + ", " + annotationDomainname + ", " +
		annotationAliases + " (with commas) and " + annotationExtraHosts + " (name:ip, with commas) of a pod"},
}

// libraryKeys are those of the specification and of libcni.
var libraryKeys = []string{
	"cniVersion", "cniVersions", "name", "type", "capabilities", "ipam", "dns", "args", "prevResult", "runtimeConfig",
	"disableCheck", "disableGC", "loadOnlyInlinedPlugins", "plugins",
}

const reservedPrefix = "cni.dev/"

// unknownKey refuses a key that is none of ours, nor one of others: a typing error must not pass silently.
func unknownKey[V any](prefix string, have map[string]V, ours []Key, others ...string) error {
	known := others
	for _, k := range ours {
		known = append(known, k.Name)
	}
	for _, key := range slices.Sorted(maps.Keys(have)) {
		if slices.Contains(known, key) || strings.HasPrefix(key, reservedPrefix) {
			continue
		}
		for _, k := range known {
			if strings.EqualFold(k, key) {
				return fmt.Errorf("%w: unknown key %q: it is written %q", etcfiles.ErrInvalid, prefix+key, prefix+k)
			}
		}
		return fmt.Errorf("%w: unknown key %q: correct it or take it out", etcfiles.ErrInvalid, prefix+key)
	}
	return nil
}
