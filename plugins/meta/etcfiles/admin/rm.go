package admin

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"github.com/etcfiles/etcfiles/pkg/cli"
	"github.com/etcfiles/etcfiles/pkg/request"
)

func removeCommand(o *options) *cobra.Command {
	cmd := &cobra.Command{
		SuggestFor: []string{"remove", "delete", "del"},
		Use:        "rm CONTAINER",
		Short:      "Take a container out of the store with its files",
		Long: `Take a container out of the store and out of the hosts files of its peers, and remove its own files, also those that
keepFiles has left and those whose record is lost: these go by NAMESPACE/ID only. Where the store has nothing of it nothing
is written, and the exit code is 1.
` + refHelp,
		Example:           "  etcfiles rm default/0123456789ab",
		Args:              cli.Operands("a container"),
		ValidArgsFunction: o.completeContainer,
		RunE: func(cmd *cobra.Command, args []string) error {
			namespace, id, ok := strings.Cut(args[0], "/")
			if !ok {
				list, err := o.manager(cmd).Inspect(o.namespace)
				if err != nil {
					return err
				}
				c, err := o.findOne(cmd, list, args[0])
				if err != nil {
					return err
				}
				namespace, id = c.Namespace, c.Record.ID
			}
			err := o.manager(cmd).Remove(cmd.Context(), namespace, id)
			if errors.Is(err, request.ErrInvalid) {
				return cli.Answer("%w", err)
			}
			return err
		},
	}
	o.addLockTimeout(cmd)
	return cmd
}
