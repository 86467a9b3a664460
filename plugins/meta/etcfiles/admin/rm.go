package admin

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"github.com/etcfiles/etcfiles/pkg/etcfiles"
)

func removeCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "rm NAMESPACE/ID",
		Short: "Take a container out of the store with its files",
		Long: `Take a container out of the store and out of the hosts files of its peers, and remove its own files, also those that
keepFiles has left.`,
		Example: "  etcfiles rm default/web",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			namespace, id, ok := strings.Cut(args[0], "/")
			if !ok {
				return usageError{errors.New("want NAMESPACE/ID"), cmd}
			}
			err := o.manager(cmd).Remove(cmd.Context(), namespace, id)
			if errors.Is(err, etcfiles.ErrInvalid) {
				return answerNo("%w", err)
			}
			return err
		},
	}
}
