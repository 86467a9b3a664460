package netconf

import (
	"fmt"
	"os"
	"strings"

	"github.com/containernetworking/cni/pkg/skel"
	types100 "github.com/containernetworking/cni/pkg/types/100"

	"github.com/etcfiles/etcfiles/pkg/decide"
	"github.com/etcfiles/etcfiles/pkg/hostsstore"
	"github.com/etcfiles/etcfiles/pkg/names"
	"github.com/etcfiles/etcfiles/pkg/request"
	"github.com/etcfiles/etcfiles/pkg/resolvconf"
)

// arguments are the parts of CNI_ARGS that the plugin knows; the rest belongs to others.
type arguments struct {
	pod, podNamespace, podUID        string
	nomadJob, nomadGroup, nomadAlloc string
	nerdctlHostname                  string
}

func parseArguments(s string) arguments {
	var a arguments
	known := map[string]*string{
		"K8S_POD_NAME": &a.pod, "K8S_POD_NAMESPACE": &a.podNamespace, "K8S_POD_UID": &a.podUID,
		"NOMAD_JOB_ID": &a.nomadJob, "NOMAD_GROUP_NAME": &a.nomadGroup, "NOMAD_ALLOC_ID": &a.nomadAlloc,
		"NERDCTL_CNI_DHCP_HOSTNAME": &a.nerdctlHostname,
	}
	for pair := range strings.SplitSeq(s, ";") {
		key, value, _ := strings.Cut(pair, "=")
		if field := known[key]; field != nil {
			*field = value
		}
	}
	return a
}

const (
	maxPodHostname = 63 // bytes that a pod's name is cut to, as kubelet does
	allocHostname  = 8  // of a Nomad allocation's ID: how nomad itself calls it
)

// otherwise returns the names that CNI_ARGS give where nothing better is given.
func (a arguments) otherwise() *hostsstore.Otherwise {
	switch {
	case a.pod != "":
		return &hostsstore.Otherwise{
			Name: a.pod, Hostname: strings.TrimRight(a.pod[:min(maxPodHostname, len(a.pod))], "-."), From: decide.FromPodName, Pod: true,
		}
	case a.nomadJob != "" || a.nomadAlloc != "":
		return &hostsstore.Otherwise{
			Name: names.Label(a.nomadJob + "-" + a.nomadGroup), Hostname: a.nomadAlloc[:min(allocHostname, len(a.nomadAlloc))], From: "CNI_ARGS NOMAD_JOB_ID",
		}
	case a.nerdctlHostname != "":
		return &hostsstore.Otherwise{Name: a.nerdctlHostname, Hostname: a.nerdctlHostname, From: "CNI_ARGS NERDCTL_CNI_DHCP_HOSTNAME"}
	}
	return nil
}

// Key returns which attachment the call is about.
func (c *Conf) Key(args *skel.CmdArgs) request.Key {
	namespace, _ := c.namespace(args)
	return request.Key{Namespace: namespace, ContainerID: args.ContainerID, IfName: args.IfName, Network: c.Name}
}

// namespace returns the namespace and where it came from.
func (c *Conf) namespace(args *skel.CmdArgs) (name, from string) {
	switch {
	case c.runtime.Etcfiles.Namespace != "":
		return c.runtime.Etcfiles.Namespace, fromRuntime
	case c.Namespace != "":
		return c.Namespace, "conflist namespace"
	case parseArguments(args.Args).pod != "":
		return podNamespace, decide.FromPodName
	}
	return DefaultNamespace, fromDefault
}

// NamesNamespace reports whether the runtime or the configuration names the namespace of a call.
func (c *Conf) NamesNamespace(args *skel.CmdArgs) bool {
	_, from := c.namespace(args)
	return from != fromDefault
}

// OfPod reports whether a call is about a pod of Kubernetes. Its network is made once and taken away once: CRI-O does so while the
// containers live, and calls no other DEL. Podman, whose containers leave networks and join them again, gives K8S_POD_NAME alone.
func (c *Conf) OfPod(args *skel.CmdArgs) bool { return parseArguments(args.Args).podNamespace != "" }

// Namespaces returns the namespaces that an ADD may be about: unless the call or the configuration says which, that is known
// only when it comes.
func (c *Conf) Namespaces(args *skel.CmdArgs) []string {
	if name, from := c.namespace(args); from != fromDefault {
		return []string{name}
	}
	return []string{DefaultNamespace, podNamespace}
}

// Request gathers what is asked for: from the runtime's capability arguments, the pod's annotations, CNI_ARGS and the
// configuration, in that order. It returns prevResult in the newest form, too. The error wraps request.ErrInvalid.
func (c *Conf) Request(args *skel.CmdArgs) (*request.Add, *types100.Result, error) {
	previous, err := c.previousResult()
	if err != nil {
		return nil, nil, err
	}
	r, err := c.request(args, previous)
	return r, previous, err
}

// Prospect returns what every ADD asks for by the configuration: a request without a container and without prevResult.
func (c *Conf) Prospect() (*request.Add, error) {
	return c.request(&skel.CmdArgs{ContainerID: "status", IfName: "eth0"}, &types100.Result{})
}

func (c *Conf) request(args *skel.CmdArgs, previous *types100.Result) (*request.Add, error) {
	var err error
	given, notes, env := c.runtime.Etcfiles, annotated(c.runtime.Annotations), parseArguments(args.Args)
	if err := checkOwner(given.Owner); err != nil {
		return nil, err
	}
	r := &request.Add{
		Key: c.Key(args), Netns: args.Netns, Result: previous, Owner: given.Owner,
		Otherwise: env.otherwise(), Kubernetes: env.podNamespace, PodUID: env.podUID, Domain: c.Domain,
		QualifiedAliases: c.AllowQualifiedAliases,
		DNS: resolvconf.Sources{
			Explicit: []resolvconf.DNS{
				given.DNS.source(fromRuntime), c.runtime.DNS.source(fromRuntimeDNS), c.DNSSettings.source("conflist dns"),
			},
			Previous: []resolvconf.DNS{{
				From:        "prevResult dns",
				Nameservers: previous.DNS.Nameservers, Search: previous.DNS.Search, Options: previous.DNS.Options,
				Domain: previous.DNS.Domain,
			}},
			Fallback: c.FallbackNameservers,
		},
	}
	if env.podNamespace != "" && r.DNS.Explicit[podDNS].Sets() {
		r.DNS.Complete = podDNS + 1
	}
	g := &gathered{r, map[string]bool{}, map[string]bool{}}
	namespace, from := c.namespace(args)
	g.from("namespace", namespace, from)
	if c.PodNames != podNamesAuto {
		r.PodNames = c.PodNames
	}
	r.ClusterDNS = c.runtime.DNS.searchesServices(env.podNamespace)
	g.text("name", &r.Name, given.Name, notes.Name)
	g.text("hostname", &r.Hostname, given.Hostname, notes.Hostname)
	g.text("domainname", &r.Domainname, given.Domainname, notes.Domainname)
	g.aliases(given.Aliases, fromRuntime)
	g.aliases(c.runtime.Aliases.of(c.Name), "runtimeConfig aliases")
	g.aliases(notes.Aliases, fromAnnotation+annotationAliases)
	if err = g.extraHosts(given.ExtraHosts, fromRuntime); err == nil {
		err = g.extraHosts(notes.ExtraHosts, fromAnnotation+annotationExtraHosts)
	}
	if err == nil {
		err = g.extraHosts(c.ExtraHosts, "conflist extraHosts")
	}
	return r, err
}

// Where values come from, beside what is named where it is used.
const (
	fromRuntime    = "runtimeConfig etcfiles"
	fromRuntimeDNS = "runtimeConfig dns"
	fromAnnotation = "annotation "
	fromDefault    = "default"
)

// podDNS is the place of the capability dns among the explicit sources. It is the whole DNS configuration of a pod, by its
// dnsPolicy: what it leaves unset is not to be taken from the node (kubernetes/website#28725).
const podDNS = 1

// gathered fills a request and notes where each value came from.
type gathered struct {
	request *request.Add
	aliased map[string]bool // lower-case aliases that are there
	hosts   map[string]bool // lower-case names of extra hosts that are there
}

func (g *gathered) from(key, value, from string) {
	g.request.Origins = append(g.request.Origins, hostsstore.Origin{Key: key, Value: value, From: from})
}

// text takes what the runtime gives, or else the pod's annotation etcfiles/KEY.
func (g *gathered) text(key string, value *string, given, annotation string) {
	from := fromRuntime
	if *value = given; *value == "" {
		*value, from = annotation, fromAnnotation+annotationPrefix+key
		if label, dotted := names.FirstLabel(annotation); dotted && !g.request.QualifiedAliases {
			*value = label
			g.request.Warnings = append(g.request.Warnings, fmt.Sprintf(
				"%s %q: only %q of it is used, an annotation may give no name with a dot; set allowQualifiedAliases to allow that", from, annotation, label))
		}
	}
	if *value != "" {
		g.from(key, *value, from)
	}
}

// aliases takes each alias once, from the first that gives it.
func (g *gathered) aliases(list []string, from string) {
	for _, alias := range list {
		alias = names.TrimDots(alias)
		if name := strings.ToLower(alias); alias != "" && !g.aliased[name] {
			g.aliased[name] = true
			g.request.Aliases = append(g.request.Aliases, alias)
			g.from("aliases", alias, from)
		}
	}
}

// extraHosts parses a list of extra hosts; a name that an earlier list has is not taken from a later one.
func (g *gathered) extraHosts(list []string, from string) error {
	var given []string
	for _, text := range list {
		x, err := request.ParseExtraHost(text)
		if err != nil {
			return err
		}
		if name := strings.ToLower(x.Name); !g.hosts[name] {
			given = append(given, name)
			g.request.ExtraHosts = append(g.request.ExtraHosts, x)
			g.from("extraHosts", text, from)
		}
	}
	for _, name := range given {
		g.hosts[name] = true
	}
	return nil
}

// Files that the host's DNS settings are read from, see resolv.conf(5) and systemd-resolved.service(8).
const (
	hostResolvConf     = "/etc/resolv.conf"
	resolvedResolvConf = "/run/systemd/resolve/resolv.conf"
)

// ReadHostDNS adds the DNS settings of the host to the sources, and those of slirp4netns in RootlessKit.
func (c *Conf) ReadHostDNS(sources *resolvconf.Sources) error {
	var err error
	if sources.Host, err = HostDNS(); err != nil {
		return err
	}
	if dir := os.Getenv("ROOTLESSKIT_STATE_DIR"); dir != "" {
		sources.RootlessNameservers = rootlessNameservers(dir)
	}
	return nil
}

// HostDNS returns the host's resolv.conf(5) as an ADD reads it: the file of systemd-resolved's upstream servers where its stub
// is all that /etc/resolv.conf has.
func HostDNS() (resolvconf.Host, error) {
	host, err := resolvconf.ReadHost(hostResolvConf, resolvedResolvConf)
	if err != nil {
		err = fmt.Errorf("DNS settings of the host: %w", err)
	}
	return host, err
}
