package etcfiles

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/etcfiles/etcfiles/pkg/hostsstore"
	"github.com/etcfiles/etcfiles/pkg/resolvconf"
	"github.com/etcfiles/etcfiles/pkg/roster"
)

// origins returns where what the container is called and is given came from: with the record as it was before and the
// identity as it is now.
func (a *addition) origins(before *hostsstore.Record, id roster.Identity) []hostsstore.Origin {
	out := slices.Clone(a.Origins)
	fallback, last := a.identity(), fromContainerID
	if a.Pod != "" {
		last = FromPodName
	}
	for _, v := range []struct{ key, given, value, fallback string }{
		{"name", a.Name, id.Name, fallback.Name},
		{"hostname", a.Hostname, id.Hostname, fallback.Hostname},
		{"domainname", a.Domainname, id.Domainname, ""},
	} {
		switch {
		case v.given != "" || v.value == "":
		case v.value == v.fallback:
			out = append(out, hostsstore.Origin{Key: v.key, Value: v.value, From: last})
		default:
			out = append(out, hostsstore.Origin{Key: v.key, Value: v.value, From: fromPrevious})
		}
	}
	if before == nil || before.Etcfiles == nil {
		return out
	}
	type given struct {
		name    string
		address netip.Addr // none for the gateway
	}
	again := make(map[given]bool, len(a.ExtraHosts))
	for _, x := range a.ExtraHosts {
		again[given{strings.ToLower(x.Name), x.Address}] = true
	}
	for _, x := range before.Etcfiles.ExtraHosts {
		if name := strings.ToLower(x.Name); !again[given{name, netip.Addr{}}] && !again[given{name, x.Address}] {
			out = append(out, hostsstore.Origin{Key: "extraHosts", Value: x.Name + ":" + x.Address.String(), From: fromPrevious})
		}
	}
	return out
}

// dnsOrigins are the origins of what resolv.conf holds.
func dnsOrigins(r resolvconf.Result) []hostsstore.Origin {
	out := make([]hostsstore.Origin, 0, len(r.Origins))
	for _, o := range r.Origins {
		out = append(out, hostsstore.Origin(o))
	}
	return out
}

// dnsSources returns what the record keeps to make resolv.conf anew.
func dnsSources(src resolvconf.Sources) *hostsstore.DNSSources {
	out := &hostsstore.DNSSources{Rootless: src.RootlessNameservers, Fallback: src.Fallback, IPv6: src.IPv6, NoIPv4: !src.IPv4}
	if src.Previous.Sets() {
		out.Previous = hostsstore.DNS(src.Previous)
	}
	for _, d := range src.Explicit {
		if d.Sets() {
			out.Explicit = append(out.Explicit, hostsstore.DNS(d))
		}
	}
	return out
}

// sourcesOf is the inverse of dnsSources, with the file of the host.
func sourcesOf(src *hostsstore.DNSSources, host resolvconf.Host) resolvconf.Sources {
	out := resolvconf.Sources{
		Previous: resolvconf.DNS(src.Previous), RootlessNameservers: src.Rootless, Fallback: src.Fallback,
		IPv4: !src.NoIPv4, IPv6: src.IPv6, Host: host,
	}
	for _, d := range src.Explicit {
		out.Explicit = append(out.Explicit, resolvconf.DNS(d))
	}
	return out
}

// uniqueRefusals returns each refused name once.
func uniqueRefusals(list []hostsstore.Refusal) []hostsstore.Refusal {
	seen := map[string]bool{}
	return slices.DeleteFunc(list, func(r hostsstore.Refusal) bool {
		twice := seen[r.Name]
		seen[r.Name] = true
		return twice
	})
}

// leaveOut warns of names that are left out.
func (m *Manager) leaveOut(list []hostsstore.Refusal) {
	for _, r := range list {
		m.Warnf("name %q is left out of the hosts files: %s", r.Name, r.Why)
	}
}
