package admin

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/etcfiles/etcfiles/pkg/cli"
	"github.com/etcfiles/etcfiles/pkg/conflist"
	"github.com/etcfiles/etcfiles/pkg/etcfiles"
	"github.com/etcfiles/etcfiles/pkg/hostsstore"
	"github.com/etcfiles/etcfiles/pkg/inspect"
	"github.com/etcfiles/etcfiles/pkg/netconf"
	"github.com/etcfiles/etcfiles/pkg/remote"
	"github.com/etcfiles/etcfiles/pkg/request"
)

// files says whose hosts files list names of another host.
type files string

const (
	filesContainers files = "containers"
	filesNetwork    files = "network"
)

// String and the next two make it a flag.
func (f *files) String() string { return string(*f) }

func (f *files) Set(s string) error {
	if s != string(filesContainers) && s != string(filesNetwork) {
		return fmt.Errorf("want %s or %s", filesContainers, filesNetwork)
	}
	*f = files(s)
	return nil
}

func (f *files) Type() string { return "containers|network" }

// importNamespace is the namespace of commands on one network where none is named, as in the plugin's configuration.
func (o *options) importNamespace() string { return cmp.Or(o.namespace, netconf.DefaultNamespace) }

func importCommand(o *options) *cobra.Command {
	into := filesContainers
	cmd := &cobra.Command{
		Use:   "import NETWORK HOST",
		Short: "Take over the names that another host has on a network",
		Long: `Read hosts(5) lines from stdin: all names that the containers of another host have on a network. They go into the hosts files of the
network's containers here and of the network itself, at once and beside a running container's own lines; what the host had before
and has no longer goes. The network need have no container here. Comments that etcfiles export makes say whose the lines are:

  ssh h2 etcfiles export lab | etcfiles import lab h2

A name that a container has itself, as its own or in lines of its user, stays its own. A line with the address of a local container, or
of a host that was there before, is left out. With --files network the names go into the hosts file of the network only, which a DNS
server may serve. Until the next boot they stay as they are. Lines of loopback are left out, as every machine has them. Input without a
line is refused, and so is one with lines of loopback only; one comment and no line says that the host has no container any more. The
namespace is default, if --namespace names no other.

A host may have at most 10,000 lines, and 1 MiB of them, on a network; containers list at most so many of all other hosts together. The
exit code is 1 for a line that cannot be taken or for too many lines, and then nothing has changed; it is 1 too when containers list so
many lines of other hosts that the last ones have no room.`,
		Example: `  etcfiles import lab h2
  etcfiles import lab h2 --files network`,
		Args:              cli.Operands("a network", "a host"),
		ValidArgsFunction: o.completeNetwork,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := remote.CheckHost(args[1]); err != nil {
				return cli.Misuse(cmd, "%w", err)
			}
			peers, err := remote.Read(cmd.InOrStdin())
			if errors.Is(err, remote.ErrNothing) || errors.Is(err, remote.ErrLoopback) {
				return cli.Answer("stdin: %w; if host %s has no container any more, say so by a comment: echo '# nothing'", err, args[1])
			}
			if err != nil {
				return cli.Answer("stdin: %w", err)
			}
			for i := range peers {
				peers[i].NetworkOnly = into == filesNetwork
			}
			err = o.manager(cmd).Import(cmd.Context(), o.importNamespace(), args[0], map[string]remote.Host{args[1]: {Peers: peers}})
			switch {
			case errors.Is(err, request.ErrInvalid):
				return cli.Misuse(cmd, "%w", err)
			case errors.Is(err, remote.ErrFull):
				return cli.Answer("%w: use --files network", err)
			}
			return err
		},
	}
	cmd.Flags().Var(&into, "files", "which hosts files list the names: those of containers and of the network, or of the network only")
	_ = cmd.RegisterFlagCompletionFunc("files", cobra.FixedCompletions([]string{string(filesContainers), string(filesNetwork)}, cobra.ShellCompDirectiveNoFileComp))
	o.addLockTimeout(cmd)
	return cmd
}

func exportCommand(o *options) *cobra.Command {
	var foreign bool
	var confDir string
	cmd := &cobra.Command{
		Use:   "export NETWORK",
		Short: "Print the names that the containers of this host have on a network",
		Long: `Print hosts(5) lines with the addresses and names that the containers of this host have on a network, each after a comment that says
whose they are. etcfiles import takes them over on another host. Pods are left out, since their cluster has names of its own, and so are
containers of nerdctl, unless --foreign asks for them. The namespace is default, if --namespace names no other.

A network without a container has a comment alone, by which import takes out what this host had. The answer is no (exit code 1), and
nothing is printed, for a network that the store does not know and --conf-dir has no configuration of: that is a wrong name.`,
		Example:           "  etcfiles export lab",
		Args:              cli.Operands("a network"),
		ValidArgsFunction: o.completeNetwork,
		RunE: func(cmd *cobra.Command, args []string) error {
			namespace := o.importNamespace()
			m := o.manager(cmd)
			list, err := m.Published(namespace, args[0], foreign)
			if errors.Is(err, etcfiles.ErrNoStore) || o.namespace == "" && errors.Is(err, etcfiles.ErrNoNamespace) {
				err = nil
			}
			if err != nil {
				return err
			}
			if len(list) == 0 && !knows(m, namespace, args[0]) && conflist.Find(confDir, args[0]) == "" {
				return cli.Answer("no container in %s is on a network %s, and no configuration in %s is of one: want the name of a network, or another --conf-dir",
					o.where(), args[0], confDir)
			}
			return remote.Write(cmd.OutOrStdout(), args[0], list)
		},
	}
	cmd.Flags().BoolVar(&foreign, "foreign", false, "also containers of nerdctl")
	addConfDir(cmd, &confDir)
	return cmd
}

// knows reports whether anything in the store is of a network: a container now or lately, a hosts file, or names of another host.
func knows(m *inspect.Inspector, namespace, network string) bool {
	n := m.Dir.Namespace(namespace)
	networks, _ := n.Networks() // what cannot be read knows nothing
	remote, _ := m.Remote(namespace)
	list, _ := m.Inspect(namespace)
	return slices.Contains(networks, network) ||
		slices.ContainsFunc(remote, func(r inspect.Remote) bool { return r.Network == network }) ||
		slices.ContainsFunc(m.Departed(namespace), func(d hostsstore.Departure) bool { return d.Network == network }) ||
		slices.ContainsFunc(list, func(i *inspect.Inspected) bool {
			return slices.ContainsFunc(i.Attachments, func(a hostsstore.Attachment) bool { return a.Network == network })
		})
}
