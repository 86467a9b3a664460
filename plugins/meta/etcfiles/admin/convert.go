package admin

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/etcfiles/etcfiles/pkg/cli"
	"github.com/etcfiles/etcfiles/pkg/hostsstore"
	"github.com/etcfiles/etcfiles/pkg/request"
)

func convertCommand(o *options) *cobra.Command {
	var to int
	cmd := &cobra.Command{
		Use:   "convert --to FORMAT",
		Short: "Write the records in an earlier format, for the version before",
		Long: `Write the records of all containers in the format that the version before this one reads, which refuses a store of a
later format. Install that version right after it: the next operation of this one writes its own format again. Running
containers keep their files and go on.`,
		Example: "  etcfiles convert --to 2",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			err := o.manager(cmd).Convert(cmd.Context(), o.namespace, to)
			if errors.Is(err, request.ErrInvalid) {
				return cli.Misuse(cmd, "%w", err)
			}
			return err
		},
	}
	cmd.Flags().IntVar(&to, "to", hostsstore.FormerVersion, "format of the records to write")
	o.addLockTimeout(cmd)
	return cmd
}
