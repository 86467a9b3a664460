package admin

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/etcfiles/etcfiles/pkg/cli"
	"github.com/etcfiles/etcfiles/pkg/etcfiles"
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
server may serve. Until the next boot they stay as they are. Input without a line is refused; one comment says that the host has no
container any more. The namespace is default, if --namespace names no other. The exit code is 1 for a line that cannot be taken, and then
nothing has changed.`,
		Example: `  etcfiles import lab h2
  etcfiles import lab h2 --files network`,
		Args:              cli.Operands("a network", "a host"),
		ValidArgsFunction: o.completeNetwork,
		RunE: func(cmd *cobra.Command, args []string) error {
			peers, err := remote.Read(cmd.InOrStdin())
			if errors.Is(err, remote.ErrNothing) {
				return cli.Answer("stdin: %w; if host %s has no container any more, say so by a comment: echo '# nothing'", err, args[1])
			}
			if err != nil {
				return cli.Answer("stdin: %w", err)
			}
			for i := range peers {
				peers[i].NetworkOnly = into == filesNetwork
			}
			err = o.manager(cmd).Import(cmd.Context(), o.importNamespace(), args[0], map[string]remote.Host{args[1]: {Peers: peers}})
			if errors.Is(err, request.ErrInvalid) {
				return cli.Misuse(cmd, "%w", err)
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
	cmd := &cobra.Command{
		Use:   "export NETWORK",
		Short: "Print the names that the containers of this host have on a network",
		Long: `Print hosts(5) lines with the addresses and names that the containers of this host have on a network, each after a comment that says
whose they are. etcfiles import takes them over on another host. Pods are left out, since their cluster has names of its own, and so are
containers of nerdctl, unless --foreign asks for them. The namespace is default, if --namespace names no other.`,
		Example:           "  etcfiles export lab",
		Args:              cli.Operands("a network"),
		ValidArgsFunction: o.completeNetwork,
		RunE: func(cmd *cobra.Command, args []string) error {
			list, err := o.manager(cmd).Published(o.importNamespace(), args[0], foreign)
			if o.namespace == "" && errors.Is(err, etcfiles.ErrNoNamespace) {
				err = nil
			}
			if err = o.noteNoStore(cmd, err); err != nil {
				return err
			}
			return remote.Write(cmd.OutOrStdout(), args[0], list)
		},
	}
	cmd.Flags().BoolVar(&foreign, "foreign", false, "also containers of nerdctl")
	return cmd
}
