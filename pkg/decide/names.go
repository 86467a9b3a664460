package decide

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"

	"github.com/etcfiles/etcfiles/pkg/hostsstore"
	"github.com/etcfiles/etcfiles/pkg/names"
	"github.com/etcfiles/etcfiles/pkg/roster"
)

// Where a name comes from that nobody gave, see hostsstore.Origin.
const (
	fromContainerID = "container ID"
	FromPodName     = "CNI_ARGS K8S_POD_NAME" // it is that of a pod
	FromPrevious    = "previous ADD"          // another attachment of the container gave it, or one that has gone
	fromSet         = "etcfiles set"
)

// The names of a pod that its peers see, values of hostsstore.Asked.PodNames.
const (
	PodNamesShort     = "short"     // web in its Kubernetes namespace, web.shop in all
	PodNamesQualified = "qualified" // web.shop.pod: the others may be Services
	PodNamesNone      = "none"
)

// Names brings the names in a record to what its attachments ask for: what the container is called, and the names of each
// attachment with what is left out of them. The names of an attachment of an earlier format stay as they are, see Ask.
func Names(r *hostsstore.Record) {
	d := r.Etcfiles
	list := roster.Natural(d.Attachments)
	for _, a := range list {
		if a.Asked != nil {
			a.Refused = nil
		}
	}
	id, from := identity(r, list)
	r.Name, r.Hostname, r.Domainname = id.Name, id.Hostname, id.Domainname
	qualified := slices.ContainsFunc(list, func(a *hostsstore.Attachment) bool { return a.Asked != nil && a.Asked.ClusterDNS })
	for _, a := range list {
		if a.Asked == nil {
			continue
		}
		n := &naming{Attachment: a, id: id, from: from, kubernetes: d.KubernetesNamespace, set: setIn(r).Aliases}
		n.mode = cmp.Or(a.Asked.PodNames, PodNamesShort)
		if a.Asked.PodNames == "" && qualified {
			n.mode = PodNamesQualified
		}
		n.write()
		n.origins()
	}
}

// sources say where each part of an identity comes from: an attachment that gave it, or CNI_ARGS, or FromPrevious, or fromContainerID.
type sources struct {
	name, hostname, domainname source
}

type source struct {
	attachment *hostsstore.Attachment // that gave it explicitly
	otherwise  *hostsstore.Otherwise
	from       string // in words, where no attachment gave it
}

// asked reports whether somebody asked for the name: what is left out of it is to be said then.
func (s source) asked() bool {
	return s.attachment != nil || s.from == FromPrevious || s.from == fromSet || (s.otherwise != nil && s.otherwise.Pod)
}

// pod reports whether it is the name of a Kubernetes pod.
func (s source) pod() bool { return s.otherwise != nil && s.otherwise.Pod }

// identity chooses what the container is called. A name that cannot be looked up is none: tools and shells are to be able to trust it.
func identity(r *hostsstore.Record, list []*hostsstore.Attachment) (roster.Identity, sources) {
	var id roster.Identity
	var from sources
	left := r.Etcfiles.Left
	if left == nil {
		left = &hostsstore.Asked{}
	}
	usable := func(name string, a *hostsstore.Attachment) bool {
		refused := []hostsstore.Refusal{}
		good := len(roster.ParseNames([]string{names.TrimDots(name)}, &refused)) > 0
		if a != nil {
			a.Refused = append(a.Refused, refused...)
		}
		return good
	}
	if set := setIn(r); set.Name != "" && usable(set.Name, nil) {
		id.Name, from.name = set.Name, source{from: fromSet}
	}
	for _, a := range list {
		if a.Asked == nil {
			continue
		}
		if id.Name == "" && a.Asked.Name != "" && usable(a.Asked.Name, a) {
			id.Name, from.name = a.Asked.Name, source{attachment: a}
		}
		if id.Hostname == "" && a.Asked.Hostname != "" {
			id.Hostname, from.hostname = a.Asked.Hostname, source{attachment: a}
		}
		if id.Domainname == "" && a.Asked.Domainname != "" {
			id.Domainname, from.domainname = a.Asked.Domainname, source{attachment: a}
		}
	}
	if id.Name == "" && left.Name != "" && usable(left.Name, nil) {
		id.Name, from.name = left.Name, source{from: FromPrevious}
	}
	if id.Hostname == "" && left.Hostname != "" {
		id.Hostname, from.hostname = left.Hostname, source{from: FromPrevious}
	}
	if id.Domainname == "" && left.Domainname != "" {
		id.Domainname, from.domainname = left.Domainname, source{from: FromPrevious}
	}
	for _, a := range list {
		if a.Asked == nil || a.Asked.Otherwise == nil {
			continue
		}
		o := a.Asked.Otherwise
		var said *hostsstore.Attachment // who is told that a name is left out
		if o.Pod {
			said = a
		}
		if id.Name == "" && o.Name != "" && usable(o.Name, said) {
			id.Name, from.name = o.Name, source{otherwise: o, from: o.From}
		}
		// It is the hostname in the kernel too, whether DNS can have it or not.
		if id.Hostname == "" && o.Hostname != "" && names.CheckElement(o.Hostname) == nil {
			id.Hostname, from.hostname = o.Hostname, source{otherwise: o, from: o.From}
		}
	}
	own := names.OfID(r.ID, r.Namespace)
	if id.Name == "" && own != "" {
		id.Name, from.name = own, source{from: fromContainerID}
	}
	if id.Hostname == "" && own != "" {
		id.Hostname, from.hostname = own, source{from: fromContainerID}
	}
	return id, from
}

// naming gives names to one attachment.
type naming struct {
	*hostsstore.Attachment
	id         roster.Identity
	from       sources
	kubernetes string
	mode       string
	set        []string // aliases that were set by hand
}

// setIn returns what was set by hand of a container.
func setIn(r *hostsstore.Record) *hostsstore.Asked {
	if r.Etcfiles.Set == nil {
		return &hostsstore.Asked{}
	}
	return r.Etcfiles.Set
}

func (n *naming) write() {
	all := n.names(n.id, n.kubernetes)
	n.Names, n.Own, n.World, n.Qualified, n.Label = all, nil, nil, nil, ""
	if n.kubernetes != "" && n.id.Name != "" {
		n.qualify(all)
	}
	if label, dotted := names.FirstLabel(n.id.Hostname); dotted {
		if list := n.parse([]string{label}); len(list) > 0 {
			n.Label = list[0]
		}
	}
	unique := map[string]bool{}
	n.Refused = slices.DeleteFunc(n.Refused, func(r hostsstore.Refusal) bool {
		twice := unique[r.Name]
		unique[r.Name] = true
		return twice
	})
}

// qualify says which names of a pod who sees. What an annotation gave its peers see in any mode: only the pod's own name may be
// that of a Service.
func (n *naming) qualify(all []string) {
	qualified, pod := n.domains(n.id.Name+"."+n.kubernetes), n.domains(n.id.Name+"."+n.kubernetes+".pod")
	n.Qualified = qualified
	if !n.from.name.pod() {
		if n.mode == PodNamesShort || !n.from.hostname.pod() {
			return
		}
		pod = nil
	}
	if n.mode == PodNamesShort {
		n.World = slices.Concat(qualified, pod)
		return
	}
	given := n.id // by an annotation
	if n.from.name.pod() {
		given.Name, n.Qualified = "", nil
	}
	if n.from.hostname.pod() {
		given.Hostname = ""
	}
	n.Own, n.Names = all, n.names(given, n.kubernetes)
	if n.mode == PodNamesQualified && pod != nil {
		n.Names, n.Qualified = roster.Unique(slices.Concat(n.Names, pod)), pod
		n.World = slices.Concat(qualified, pod)
	}
}

// domains returns the name, and the same with the domain of the configuration.
func (n *naming) domains(name string) []string {
	list := []string{name}
	if n.Asked.Domain != "" {
		list = append(list, names.Join(name, n.Asked.Domain))
	}
	return n.parse(list)
}

// names returns the names of an identity on the network, and the aliases.
func (n *naming) names(id roster.Identity, kubernetes string) []string {
	list := roster.HostNames(id, n.Network, n.Asked.Domain, kubernetes, nil)
	return roster.Unique(append(n.parse(list), roster.ParseNames(slices.Concat(n.Asked.Aliases, n.set), &n.Refused)...))
}

// parse keeps the names that can be looked up. What is left out is told of names that somebody asked for.
func (n *naming) parse(list []string) []string {
	var refused []hostsstore.Refusal
	out := roster.ParseNames(list, &refused)
	for _, r := range refused {
		if n.asked(r.Name) {
			n.Refused = append(n.Refused, r)
		}
	}
	return out
}

// asked reports whether somebody asked for a name or for what it is made of.
func (n *naming) asked(name string) bool {
	for _, domain := range []string{n.id.Domainname, n.Asked.Domain} {
		if domain = names.TrimDots(domain); domain != "" && strings.HasSuffix(name, "."+domain) {
			return true
		}
	}
	for _, of := range []struct {
		value string
		source
	}{{n.id.Name, n.from.name}, {n.id.Hostname, n.from.hostname}} {
		if value := names.TrimDots(of.value); value != "" && of.asked() && strings.HasPrefix(name, value) {
			return true
		}
	}
	label, _ := names.FirstLabel(n.id.Hostname)
	return name == label && n.from.hostname.asked()
}

// origins brings what the attachment says of the origin of the names that it did not give to what they are.
func (n *naming) origins() {
	for _, v := range []struct {
		key, given, value string
		source
	}{
		{"name", n.Asked.Name, n.id.Name, n.from.name},
		{"hostname", n.Asked.Hostname, n.id.Hostname, n.from.hostname},
		{"domainname", n.Asked.Domainname, n.id.Domainname, n.from.domainname},
	} {
		i := slices.IndexFunc(n.Origins, func(o hostsstore.Origin) bool { return o.Key == v.key })
		switch own := (hostsstore.Origin{Key: v.key, Value: v.value, From: cmp.Or(v.from, FromPrevious)}); {
		case v.given != "":
		case v.value == "":
			n.Origins = slices.DeleteFunc(n.Origins, func(o hostsstore.Origin) bool { return o.Key == v.key })
		case i < 0:
			n.Origins = append(n.Origins, own)
		default:
			n.Origins[i] = own
		}
	}
}

// Leave takes the attachment with the interface name out of a record. What it asked for stays, where no other asks for it.
func Leave(r *hostsstore.Record, ifName string) {
	d := r.Etcfiles
	d.Attachments = slices.DeleteFunc(slices.Clone(d.Attachments), func(a hostsstore.Attachment) bool {
		if a.IfName != ifName {
			return false
		}
		if a.Asked != nil {
			d.Left = after(d.Left, a.Asked)
		}
		return true
	})
}

// Adopt makes what a record of an earlier format says of the container what attachments asked for that have gone.
func Adopt(r *hostsstore.Record) {
	d := r.Etcfiles
	if d.Left != nil || !slices.ContainsFunc(d.Attachments, func(a hostsstore.Attachment) bool { return a.Asked == nil }) {
		return
	}
	d.Left = &hostsstore.Asked{Name: r.Name, Hostname: r.Hostname, Domainname: r.Domainname}
	for _, x := range d.ExtraHosts {
		if asked := hostsstore.AskedHost(x); !slices.Contains(setIn(r).ExtraHosts, asked) {
			d.Left.ExtraHosts = append(d.Left.ExtraHosts, asked)
		}
	}
}

// after returns what stays of two who have gone, the later one having precedence.
func after(before, gone *hostsstore.Asked) *hostsstore.Asked {
	out := &hostsstore.Asked{Name: gone.Name, Hostname: gone.Hostname, Domainname: gone.Domainname, ExtraHosts: gone.ExtraHosts}
	if before != nil {
		out.Name = cmp.Or(out.Name, before.Name)
		out.Hostname = cmp.Or(out.Hostname, before.Hostname)
		out.Domainname = cmp.Or(out.Domainname, before.Domainname)
		out.ExtraHosts = unique(slices.Concat(before.ExtraHosts, gone.ExtraHosts))
	}
	return out
}

func unique(list []hostsstore.AskedHost) []hostsstore.AskedHost {
	seen := make(map[hostsstore.AskedHost]bool, len(list))
	return slices.DeleteFunc(list, func(x hostsstore.AskedHost) bool {
		twice := seen[x]
		seen[x] = true
		return twice
	})
}

// ExtraHosts brings the extra hosts in a record to what its attachments ask for, those of attachments that have gone first. Names that cannot be looked up
// are left out. It reports whether there is a gateway, or none is asked for; where there is none, such a name is left out.
func ExtraHosts(r *hostsstore.Record) bool {
	d := r.Etcfiles
	list := roster.Natural(d.Attachments)
	gateways := gatewaysOf(list)
	d.Gateway = ""
	if len(gateways) > 0 {
		d.Gateway = gateways[0].String()
	}
	d.ExtraHosts, r.ExtraHosts = nil, map[string]string{}
	have, good := map[hostsstore.ExtraHost]bool{}, true
	add := func(asked []hostsstore.AskedHost, refused *[]hostsstore.Refusal) {
		for _, x := range asked {
			addresses := []netip.Addr{x.Address}
			if !x.Address.IsValid() {
				addresses = gateways
				good = good && len(gateways) > 0
			}
			if len(roster.ParseGiven([]string{x.Name}, refused)) == 0 {
				continue
			}
			for _, addr := range addresses {
				entry := hostsstore.ExtraHost{Name: x.Name, Address: addr}
				if !have[entry] {
					have[entry] = true
					d.ExtraHosts = append(d.ExtraHosts, entry)
					r.ExtraHosts[x.Name] = addr.String()
				}
			}
		}
	}
	add(setIn(r).ExtraHosts, new([]hostsstore.Refusal))
	if d.Left != nil {
		add(d.Left.ExtraHosts, new([]hostsstore.Refusal))
	}
	for _, a := range list {
		if a.Asked != nil {
			add(a.Asked.ExtraHosts, &a.Refused)
		}
	}
	return good
}

// gatewaysOf returns the gateway of each family, IPv4 first, of the first attachment that has one.
func gatewaysOf(list []*hostsstore.Attachment) []netip.Addr {
	var four, six netip.Addr
	consider := func(ip []byte) {
		addr, ok := netip.AddrFromSlice(ip)
		switch addr = addr.Unmap(); {
		case !ok || addr.IsUnspecified():
		case addr.Is4() && !four.IsValid():
			four = addr
		case addr.Is6() && !six.IsValid():
			six = addr
		}
	}
	for _, a := range list {
		if a.Result == nil {
			continue
		}
		for _, ip := range a.Result.IPs {
			consider(ip.Gateway)
		}
		for _, route := range a.Result.Routes {
			if ones, _ := route.Dst.Mask.Size(); ones == 0 {
				consider(route.GW)
			}
		}
	}
	return slices.DeleteFunc([]netip.Addr{four, six}, func(addr netip.Addr) bool { return !addr.IsValid() })
}
