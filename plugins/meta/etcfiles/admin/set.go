package admin

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/etcfiles/etcfiles/pkg/cli"
	"github.com/etcfiles/etcfiles/pkg/request"
)

func setCommand(o *options) *cobra.Command {
	var change request.Set
	var name string
	cmd := &cobra.Command{
		Use:   "set CONTAINER [--name N] [--alias A]... [--extra-host H]...",
		Short: "Rename a running container, or give it aliases and extra hosts",
		Long: `Change what a container that runs is called: its name is replaced, aliases and extra hosts are added. Its peers and the container
itself see it at once, on all of its networks. It stays until the container ends, also over another ADD and a repair, and
comes before what the runtime gave; show says it. The hostname stays. An empty value takes away what set gave before.
The exit code is 1 for a container that the store does not have and for a name that cannot be looked up.
` + refHelp,
		Example: `  etcfiles set default/0123456789ab --name web
  etcfiles set db --alias primary --alias pg --extra-host registry:192.0.2.10
  etcfiles set db --alias ''`,
		Args:              cli.Operands("a container"),
		ValidArgsFunction: o.completeContainer,
		RunE: func(cmd *cobra.Command, args []string) error {
			if cmd.Flags().Changed("name") {
				change.Name = &name
			}
			if change.Name == nil && len(change.Aliases)+len(change.ExtraHosts) == 0 {
				return cli.Misuse(cmd, "want --name, --alias or --extra-host")
			}
			list, err := o.manager(cmd).Inspect(o.namespace)
			if err != nil {
				return err
			}
			c, err := o.findOne(cmd, list, args[0])
			if err != nil {
				return err
			}
			err = o.manager(cmd).Set(cmd.Context(), c.Namespace, c.Record.ID, change)
			if errors.Is(err, request.ErrInvalid) {
				return cli.Answer("%w", err)
			}
			return err
		},
	}
	cmd.Flags().StringVar(&name, "name", "", "the container's name from now on")
	cmd.Flags().StringArrayVar(&change.Aliases, "alias", nil, "one more alias; may be given several times")
	cmd.Flags().StringArrayVar(&change.ExtraHosts, "extra-host", nil, "one more extra host, name:ip or name:host-gateway; may be given several times")
	o.addLockTimeout(cmd)
	return cmd
}
