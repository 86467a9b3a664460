package decide

import (
	"slices"
	"strings"

	"github.com/etcfiles/etcfiles/pkg/hostsstore"
	"github.com/etcfiles/etcfiles/pkg/names"
	"github.com/etcfiles/etcfiles/pkg/roster"
)

// Ask makes of the names that attachments of an earlier format have what they asked for, so that what is set by hand can replace
// them and be taken away again. What was set by hand already they did not ask for.
func Ask(r *hostsstore.Record) {
	Adopt(r)
	d, set := r.Etcfiles, setIn(r)
	for i := range d.Attachments {
		a := &d.Attachments[i]
		if a.Asked != nil {
			continue
		}
		a.Asked = &hostsstore.Asked{Name: d.Left.Name, Hostname: d.Left.Hostname, Domainname: d.Left.Domainname}
		id := roster.Identity{Name: a.Asked.Name, Hostname: a.Asked.Hostname, Domainname: a.Asked.Domainname}
		known := slices.Concat(
			roster.HostNames(id, a.Network, "", d.KubernetesNamespace, nil),
			roster.HostNames(roster.Identity{Name: set.Name}, a.Network, "", d.KubernetesNamespace, set.Aliases),
		)
		for _, name := range a.Names {
			domain, ok := strings.CutPrefix(name, names.TrimDots(id.Hostname)+".")
			switch {
			case slices.ContainsFunc(known, func(k string) bool { return strings.EqualFold(k, name) }):
			case ok && a.Asked.Domain == "":
				a.Asked.Domain = domain
				known = append(known, names.Join(id.Name, domain))
			default:
				a.Asked.Aliases = append(a.Asked.Aliases, name)
			}
		}
	}
}
