package netconf

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/etcfiles/etcfiles/pkg/request"
)

// Key is a key of the plugin's part of a conflist, or a capability in it. The page CONFIGURATION.md and the manual page
// etcfiles-conflist(5) are made of what is said here; code stands in backquotes.
type Key struct {
	Name    string
	Type    string // of the JSON value
	Default string // in words or as a value; "" for none
	Meaning string // without a full stop at its end
	Without string // of a capability: what does not work without it
}

// Keys are the plugin's own keys, besides type, in the order of its page.
var Keys = []Key{
	{Name: "dataDir", Type: "string", Default: "`" + DefaultDataDir + "`", Meaning: "absolute path of the store"},
	{
		Name: "namespace", Type: "string", Default: "`k8s.io` with `K8S_POD_NAME` in `CNI_ARGS`, else `default`",
		Meaning: "containers see each other within one namespace",
	},
	{Name: "domain", Type: "string", Meaning: "hostname and name are listed as `name.<domain>` too"},
	{Name: "dns", Type: "object", Meaning: "CNI's `dns`, for `resolv.conf`: `nameservers`, `domain`, `search`, `options`"},
	{
		Name: "fallbackNameservers", Type: "list of strings",
		Meaning: "used when no usable nameserver is left: those of the container's address families. None is ever invented",
	},
	{
		Name: "extraHosts", Type: "list of strings",
		Meaning: "`name:ip` (IPv6 with or without brackets), or `name:host-gateway` for the gateway of the container's first network that has one, " +
			"with one line for each address family",
	},
	{
		Name: "marker", Type: "string", Default: "`" + defaultMarker + "`",
		Meaning: "the word in the marker lines, `nerdctl` to share a nerdctl data root. It has to be the same in all conflists with one `dataDir` and namespace",
	},
	{Name: "allowQualifiedAliases", Type: "boolean", Default: "`false`", Meaning: "allows aliases with a dot in them, which are refused otherwise"},
	{
		Name: "keepFiles", Type: "boolean", Default: "`false`",
		Meaning: "DEL leaves the container's own three files. `etcfiles ls --kept` lists them; `etcfiles rm NAMESPACE/ID` and `etcfiles prune --kept 30d` remove them",
	},
	{
		Name: "baseHostsFile", Type: "string",
		Meaning: "absolute path of a file whose lines come first in every new hosts file; it may be absent. Lines with loopback or unspecified addresses are " +
			"left out: `127.0.1.1 myhost` would make the host's name that of the container itself",
	},
	{
		Name: "podNames", Type: "string", Default: "`auto`",
		Meaning: "which names of a Kubernetes pod its peers see: `short` (`web`, `web.shop`), `qualified` (`web.shop.pod`) or `none`. `auto` is `qualified` for " +
			"a pod that has cluster DNS, where `web` may be a Service, else `short`",
	},
	{Name: "lockTimeout", Type: "string", Default: "`30s`", Meaning: "how long to wait for other operations on the namespace"},
	{Name: "logFile", Type: "string", Meaning: "absolute path of a log, made with mode 0640 if it does not exist. Without it nothing is logged; logrotate may rotate it"},
	{Name: "logLevel", Type: "string", Default: "`info`", Meaning: "`debug`, `info`, `warn` or `error`"},
}

// Capabilities are what the plugin's capabilities may declare, and what a runtime then gives for a container.
var Capabilities = []Key{
	{
		Name: "etcfiles", Type: "object",
		Meaning: "`name`, `hostname`, `domainname`, `namespace`, `aliases` (list), `extraHosts` (list of `name:ip`), `dns` (`servers`, `searches`, `options`) and " +
			"`owner` (`uid` and `gid` on the host of root of the container's user namespace, whose the container's files become)",
		Without: "names, aliases and extra hosts of the OCI hook and of CAP_ARGS do not come through",
	},
	{
		Name: "aliases", Type: "list or object", Meaning: "further names: a list, or an object with a list for each network",
		Without: "podman's --network-alias does nothing",
	},
	{
		Name: "dns", Type: "object", Meaning: "`servers`, `searches` and `options` for `resolv.conf`, in small or capital letters. Of a pod it is the whole DNS configuration",
		Without: "a runtime's DNS settings, such as nerdctl's and CRI's, do not reach resolv.conf",
	},
	{
		Name: annotationsCapability, Type: "object", Meaning: "annotations of a pod: `" + annotationName + "`, `" + annotationHostname + "`, `" + annotationDomainname +
			"`, `" + annotationAliases + "` (comma-separated) and `" + annotationExtraHosts + "` (comma-separated `name:ip`)",
		Without: "annotations of a pod, such as etcfiles/hostname, do nothing",
	},
}

// libraryKeys are those of the specification and of libcni.
var libraryKeys = []string{
	"cniVersion", "cniVersions", "name", "type", "capabilities", "ipam", "dns", "args", "prevResult", "runtimeConfig",
	"disableCheck", "disableGC", "loadOnlyInlinedPlugins", "plugins",
}

// deviceKeys name the device of a network that has the resource of a device plugin: Multus writes them into every plugin of its conflist.
var deviceKeys = []string{"deviceID", "pciBusID"}

const reservedPrefix = "cni.dev/"

// unknownKey refuses a key that is none of ours, nor one of others: a typing error must not pass silently.
func unknownKey(prefix string, have map[string]json.RawMessage, ours []Key, others ...string) error {
	if errs := unknownKeys(prefix, have, ours, others...); len(errs) > 0 {
		return errs[0]
	}
	return nil
}

// unknownKeys returns an error for each key that is unknown.
func unknownKeys(prefix string, have map[string]json.RawMessage, ours []Key, others ...string) []error {
	known := others
	for _, k := range ours {
		known = append(known, k.Name)
	}
	var errs []error
	for _, key := range slices.Sorted(maps.Keys(have)) {
		if slices.Contains(known, key) || strings.HasPrefix(key, reservedPrefix) {
			continue
		}
		err := &UnknownKeyError{Key: prefix + key, Value: text(have[key])}
		if k := Respelled(key, known); k != "" {
			err.Written = prefix + k
		}
		errs = append(errs, err)
	}
	return errs
}

// UnknownKeyError is the error about a key that nobody knows. It wraps request.ErrInvalid.
type UnknownKeyError struct {
	Key     string // with the keys above it, separated by dots
	Value   string // JSON, cut to what a message can hold
	Written string // the known key that it may be, "" if none is like it
	Takes   string // what may stand there instead, "" for nothing to say
}

// Message says what is wrong, with key and value as the specification wants it.
func (e *UnknownKeyError) Message() string {
	return fmt.Sprintf("unknown key %q with the value %s", e.Key, e.Value)
}

// Advice says what to do.
func (e *UnknownKeyError) Advice() string {
	switch {
	case e.Takes != "":
		return e.Takes
	case e.Written != "":
		return fmt.Sprintf("it is written %q", e.Written)
	}
	return "correct it or take it out"
}

// Error returns the message and the advice.
func (e *UnknownKeyError) Error() string { return e.Message() + ": " + e.Advice() }

// Unwrap returns request.ErrInvalid.
func (e *UnknownKeyError) Unwrap() error { return request.ErrInvalid }

// maxValue is how many bytes of a value an error holds.
const maxValue = 128

// text returns a value as an error holds it.
func text(value json.RawMessage) string {
	var b bytes.Buffer
	if json.Compact(&b, value) != nil {
		return "?"
	}
	if b.Len() > maxValue {
		return strings.ToValidUTF8(string(b.Bytes()[:maxValue]), "") + "…"
	}
	return b.String()
}

// Respelled returns the known key that differs from the key in case only, "" if there is none.
func Respelled(key string, known []string) string {
	for _, k := range known {
		if strings.EqualFold(k, key) {
			return k
		}
	}
	return ""
}
