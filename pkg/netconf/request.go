package netconf

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/containernetworking/cni/pkg/skel"
	types100 "github.com/containernetworking/cni/pkg/types/100"

	"github.com/etcfiles/etcfiles/pkg/etcfiles"
	"github.com/etcfiles/etcfiles/pkg/resolvconf"
)

// arguments are the parts of CNI_ARGS that the plugin knows; the rest belongs to others.
type arguments struct {
	pod, podNamespace string
}

func parseArguments(s string) arguments {
	var a arguments
	for pair := range strings.SplitSeq(s, ";") {
		key, value, _ := strings.Cut(pair, "=")
		switch key {
		case "K8S_POD_NAME":
			a.pod = value
		case "K8S_POD_NAMESPACE":
			a.podNamespace = value
		}
	}
	return a
}

// Key returns which attachment the call is about.
func (c *Conf) Key(args *skel.CmdArgs) (etcfiles.Key, error) {
	namespace := cmp.Or(c.runtime.Etcfiles.Namespace, c.Namespace)
	if namespace == "" {
		namespace = defaultNamespace
		if parseArguments(args.Args).pod != "" {
			namespace = podNamespace
		}
	}
	return etcfiles.Key{
		Namespace: namespace, ContainerID: args.ContainerID, IfName: args.IfName, Network: c.Name,
	}, nil
}

// Namespaces returns the namespaces that an ADD may be about: which one is known when it comes only.
func (c *Conf) Namespaces() []string {
	if c.Namespace != "" {
		return []string{c.Namespace}
	}
	return []string{defaultNamespace, podNamespace}
}

// Request gathers what is asked for: from the runtime's capability arguments, the pod's annotations, CNI_ARGS and the
// configuration, in that order. It returns prevResult in the newest form, too. The error wraps etcfiles.ErrInvalid.
func (c *Conf) Request(args *skel.CmdArgs) (*etcfiles.Request, *types100.Result, error) {
	previous, err := c.previousResult()
	if err != nil {
		return nil, nil, err
	}
	key, err := c.Key(args)
	if err != nil {
		return nil, nil, err
	}
	given, notes, env := c.runtime.Etcfiles, annotated(c.runtime.Annotations), parseArguments(args.Args)
	r := &etcfiles.Request{
		Key: key, Netns: args.Netns, Result: previous,
		Identity: etcfiles.Identity{
			Name:       cmp.Or(given.Name, notes.Name),
			Hostname:   cmp.Or(given.Hostname, notes.Hostname),
			Domainname: cmp.Or(given.Domainname, notes.Domainname),
		},
		Pod: env.pod, Kubernetes: env.podNamespace, Domain: c.Domain,
		Aliases:          slices.Concat(given.Aliases, c.runtime.Aliases.of(c.Name), notes.Aliases),
		QualifiedAliases: c.AllowQualifiedAliases,
		DNS: resolvconf.Sources{
			Runtime: given.DNS.over(c.runtime.DNS).source(), Config: c.DNSSettings.source(),
			Previous: resolvconf.DNS{
				Nameservers: previous.DNS.Nameservers, Search: previous.DNS.Search, Options: previous.DNS.Options,
				Domain: previous.DNS.Domain,
			},
			Fallback: c.FallbackNameservers,
		},
	}
	r.Aliases = slices.DeleteFunc(r.Aliases, func(alias string) bool { return alias == "" })
	r.ExtraHosts, err = extraHosts(given.ExtraHosts, notes.ExtraHosts, c.ExtraHosts)
	return r, previous, err
}

// extraHosts parses lists of extra hosts; a name that an earlier list has is not taken from a later one.
func extraHosts(lists ...[]string) ([]etcfiles.ExtraHost, error) {
	var out []etcfiles.ExtraHost
	for _, list := range lists {
		higher := out
		for _, text := range list {
			x, err := etcfiles.ParseExtraHost(text)
			if err != nil {
				return nil, err
			}
			if !slices.ContainsFunc(higher, func(h etcfiles.ExtraHost) bool { return strings.EqualFold(h.Name, x.Name) }) {
				out = append(out, x)
			}
		}
	}
	return out, nil
}

// Files that the host's DNS settings are read from, see resolv.conf(5) and systemd-resolved.service(8).
const (
	hostResolvConf     = "/etc/resolv.conf"
	resolvedResolvConf = "/run/systemd/resolve/resolv.conf"
)

// ReadHostDNS adds the DNS settings of the host to the sources, and those of slirp4netns in RootlessKit.
func (c *Conf) ReadHostDNS(sources *resolvconf.Sources) error {
	host, err := resolvconf.ReadHost(hostResolvConf, resolvedResolvConf)
	if err != nil {
		return fmt.Errorf("DNS settings of the host: %w", err)
	}
	sources.Host = host
	if dir := os.Getenv("ROOTLESSKIT_STATE_DIR"); dir != "" {
		sources.RootlessNameservers = rootlessNameservers(dir)
	}
	return nil
}

var errNotChained = errors.New("no prevResult: place etcfiles last in the conflist, after the plugins that make the interface and give the address")

// previousResult returns the result of the plugins before, in the newest form.
func (c *Conf) previousResult() (*types100.Result, error) {
	if c.PrevResult == nil {
		return nil, fmt.Errorf("%w: %w", etcfiles.ErrInvalid, errNotChained)
	}
	result, err := types100.NewResultFromResult(c.PrevResult)
	if err != nil {
		return nil, fmt.Errorf("prevResult: %w: %w", etcfiles.ErrInvalid, err)
	}
	return result, nil
}
