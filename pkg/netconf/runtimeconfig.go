package netconf

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/etcfiles/etcfiles/pkg/hostsstore"
	"github.com/etcfiles/etcfiles/pkg/request"
	"github.com/etcfiles/etcfiles/pkg/resolvconf"
)

// annotationsCapability is the capability by which CRI implementations hand over a pod's annotations.
const annotationsCapability = "io.kubernetes.cri.pod-annotations"

// runtimeConfig is what the runtime gives for one container through capability arguments.
type runtimeConfig struct {
	Etcfiles    containerSettings
	DNS         dnsSettings
	Aliases     aliases
	Annotations map[string]string
}

// containerSettings is the capability argument etcfiles, or the same from pod annotations.
type containerSettings struct {
	Name       string
	Hostname   string
	Domainname string
	Namespace  string
	Aliases    []string
	ExtraHosts []string
	DNS        dnsSettings
	Owner      *hostsstore.Owner // not from annotations: an image or a pod may bring those
}

func parseRuntimeConfig(data json.RawMessage) (runtimeConfig, error) {
	var rc runtimeConfig
	if isUnset(data) {
		return rc, nil
	}
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(data, &keys); err != nil {
		return rc, request.Refuse("runtimeConfig", "it must be an object")
	}
	if err := rc.Etcfiles.decode(keys["etcfiles"]); err != nil {
		return rc, err
	}
	if err := rc.DNS.decode("runtimeConfig.dns", keys["dns"]); err != nil {
		return rc, err
	}
	if err := rc.Aliases.decode(keys["aliases"]); err != nil {
		return rc, err
	}
	if a := keys[annotationsCapability]; !isUnset(a) {
		if err := json.Unmarshal(a, &rc.Annotations); err != nil {
			return rc, request.Refuse("runtimeConfig."+annotationsCapability, "it must be an object of texts")
		}
	}
	return rc, nil
}

func isUnset(data json.RawMessage) bool {
	return len(data) == 0 || bytes.Equal(data, []byte("null"))
}

func (s *containerSettings) decode(data json.RawMessage) error {
	const key = "runtimeConfig.etcfiles"
	if isUnset(data) {
		return nil
	}
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(data, &keys); err != nil {
		return request.Refuse(key, "it must be an object")
	}
	fields := map[string]any{
		"name": &s.Name, "hostname": &s.Hostname, "domainname": &s.Domainname, "namespace": &s.Namespace,
		"aliases": &s.Aliases, "extraHosts": &s.ExtraHosts,
	}
	known := []string{"name", "hostname", "domainname", "namespace", "aliases", "extraHosts", "dns", "owner"}
	if err := unknownKey(key+".", keys, nil, known...); err != nil {
		return err
	}
	for _, k := range known {
		if target := fields[k]; target != nil && !isUnset(keys[k]) {
			if err := json.Unmarshal(keys[k], target); err != nil {
				return &request.KeyError{Key: key + "." + k, Reason: err}
			}
		}
	}
	var err error
	if s.Owner, err = decodeOwner(keys["owner"]); err != nil {
		return err
	}
	return s.DNS.decode(key+".dns", keys["dns"])
}

// Annotations of a pod or OCI container with the same meaning as the capability argument etcfiles.
const (
	annotationPrefix     = "etcfiles/"
	annotationName       = annotationPrefix + "name"
	annotationHostname   = annotationPrefix + "hostname"
	annotationDomainname = annotationPrefix + "domainname"
	annotationAliases    = annotationPrefix + "aliases"
	annotationExtraHosts = annotationPrefix + "extra-hosts"
)

// annotated returns what the annotations give.
func annotated(annotations map[string]string) containerSettings {
	return containerSettings{
		Name: annotations[annotationName], Hostname: annotations[annotationHostname],
		Domainname: annotations[annotationDomainname],
		Aliases:    splitList(annotations[annotationAliases]), ExtraHosts: splitList(annotations[annotationExtraHosts]),
	}
}

func splitList(s string) []string {
	var out []string
	for part := range strings.SplitSeq(s, ",") {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}

// aliases are a list as in CNI's conventions or a map keyed by network as Podman gives it.
type aliases struct {
	list      []string
	byNetwork map[string][]string
}

func (a *aliases) decode(data json.RawMessage) error {
	if isUnset(data) || json.Unmarshal(data, &a.list) == nil || json.Unmarshal(data, &a.byNetwork) == nil {
		return nil
	}
	return request.Refuse("runtimeConfig.aliases", "want a list of names, or an object with a list for each network")
}

func (a *aliases) of(network string) []string { return slices.Concat(a.list, a.byNetwork[network]) }

// dnsSettings are DNS settings in any of their usual forms: CNI's dns object, the dns capability of the conventions and
// CRI's with capital letters.
type dnsSettings struct {
	nameservers, search, options []string
	domain                       string
}

// decode returns the first error of decodeAll.
func (d *dnsSettings) decode(key string, data json.RawMessage) error {
	if errs := d.decodeAll(key, data); len(errs) > 0 {
		return errs[0]
	}
	return nil
}

// decodeAll reads all that can be read, and returns an error for each key that cannot.
func (d *dnsSettings) decodeAll(key string, data json.RawMessage) []error {
	if isUnset(data) {
		return nil
	}
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(data, &keys); err != nil {
		return []error{request.Refuse(key, "it must be an object")}
	}
	var errs []error
	for _, k := range slices.Sorted(maps.Keys(keys)) {
		var target any
		want := "a list of strings"
		switch strings.ToLower(k) {
		case "nameservers", "servers":
			target = &d.nameservers
		case "search", "searches":
			target = &d.search
		case "options":
			target = &d.options
		case "domain":
			target, want = &d.domain, "a string"
		default:
			errs = append(errs, &UnknownKeyError{Key: key + "." + k, Value: text(keys[k]), Takes: key + " takes nameservers, domain, search and options"})
			continue
		}
		if isUnset(keys[k]) {
			continue
		}
		var wrong *json.UnmarshalTypeError
		if errors.As(json.Unmarshal(keys[k], target), &wrong) {
			errs = append(errs, request.Refuse(key+"."+k, "it is a JSON %s: want %s", wrong.Value, want))
		}
	}
	return errs
}

// searchesServices reports whether names of Services of the Kubernetes namespace are looked up first: its list has
// NAMESPACE.svc.CLUSTERDOMAIN.
func (d dnsSettings) searchesServices(namespace string) bool {
	return namespace != "" && slices.ContainsFunc(d.search, func(domain string) bool {
		return strings.HasPrefix(strings.ToLower(domain), strings.ToLower(namespace)+".svc.")
	})
}

func (d dnsSettings) source(from string) resolvconf.DNS {
	return resolvconf.DNS{From: from, Nameservers: d.nameservers, Search: d.search, Options: d.options, Domain: d.domain}
}
