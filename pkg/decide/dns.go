package decide

import (
	"slices"

	"github.com/etcfiles/etcfiles/pkg/hostsstore"
	"github.com/etcfiles/etcfiles/pkg/resolvconf"
	"github.com/etcfiles/etcfiles/pkg/roster"
)

// Wish returns what the record keeps of what an attachment wants of resolv.conf.
func Wish(src resolvconf.Sources) *hostsstore.DNSSources {
	out := &hostsstore.DNSSources{
		Rootless: src.RootlessNameservers, Fallback: src.Fallback, IPv6: src.IPv6, NoIPv4: !src.IPv4, Complete: src.Complete > 0,
	}
	explicit := src.Explicit
	if out.Complete {
		explicit = explicit[:src.Complete]
	}
	for _, d := range explicit {
		if d.Sets() {
			out.Explicit = append(out.Explicit, hostsstore.DNS(d))
		}
	}
	for _, d := range src.Previous {
		if d.Sets() {
			out.Previous = hostsstore.DNS(d)
			break
		}
	}
	return out
}

// Sources returns what a container's resolv.conf is made of, besides the file of the host, and false if an attachment of an
// earlier format does not say what it wants.
func Sources(r *hostsstore.Record) (resolvconf.Sources, bool) {
	var list []*hostsstore.DNSSources
	for _, a := range roster.Natural(r.Etcfiles.Attachments) {
		if a.DNS == nil {
			return resolvconf.Sources{}, false
		}
		list = append(list, a.DNS)
	}
	return SourcesOf(list...), true
}

// SourcesOf returns what several want of one file, the first having precedence. If one says that it is all there is, as a pod's
// own DNS settings are, nothing of the others counts.
func SourcesOf(list ...*hostsstore.DNSSources) resolvconf.Sources {
	var out resolvconf.Sources
	whole := slices.IndexFunc(list, func(d *hostsstore.DNSSources) bool { return d.Complete })
	for i, d := range list {
		out.IPv4, out.IPv6 = out.IPv4 || !d.NoIPv4, out.IPv6 || d.IPv6
		out.Fallback = appendNew(out.Fallback, d.Fallback)
		if whole >= 0 && i != whole {
			continue
		}
		for _, explicit := range d.Explicit {
			out.Explicit = append(out.Explicit, resolvconf.DNS(explicit))
		}
		if previous := resolvconf.DNS(d.Previous); previous.Sets() {
			out.Previous = append(out.Previous, previous)
		}
		out.RootlessNameservers = appendNew(out.RootlessNameservers, d.Rootless)
	}
	if whole >= 0 {
		out.Complete = len(out.Explicit)
	}
	return out
}

func appendNew(list, more []string) []string {
	for _, s := range more {
		if !slices.Contains(list, s) {
			list = append(list, s)
		}
	}
	return list
}

// Origins brings what the attachments say of the origin of what resolv.conf holds to a result.
func Origins(list []hostsstore.Attachment, dns resolvconf.Result) {
	ofDNS := func(o hostsstore.Origin) bool {
		return o.Key == "nameservers" || o.Key == "search" || o.Key == "options"
	}
	i := max(0, slices.IndexFunc(list, func(a hostsstore.Attachment) bool { return slices.ContainsFunc(a.Origins, ofDNS) }))
	for j := range list {
		list[j].Origins = slices.DeleteFunc(list[j].Origins, ofDNS)
	}
	list[i].Origins = append(list[i].Origins, dnsOrigins(dns)...)
}

// dnsOrigins are the origins of what resolv.conf holds.
func dnsOrigins(r resolvconf.Result) []hostsstore.Origin {
	out := make([]hostsstore.Origin, 0, len(r.Origins))
	for _, o := range r.Origins {
		out = append(out, hostsstore.Origin(o))
	}
	return out
}
