package command

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/etcfiles/etcfiles/plugins/etcd/etcfiles-etcd/agent"
	"github.com/etcfiles/etcfiles/plugins/etcd/etcfiles-etcd/config"
)

func (o *options) leaveCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "leave",
		Short: "Take this host out of etcd, and the others out of this host",
		Long: `Take the names of this host out of etcd at once, where they would else stay for the ttl, and the names of other hosts out of
the hosts files here, the latter also while etcd is away: then the exit code is 3, and leave can be run again. The service must not run. Only root can do it; for others the exit code is 3.`,
		Example: "  systemctl disable --now etcfiles-etcd && etcfiles-etcd leave",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := config.Read(o.config)
			if err != nil {
				return err
			}
			client, err := connect(c)
			if err != nil {
				return err
			}
			defer client.Close() //nolint:errcheck // everything has been answered
			err = o.dir().Leave(cmd.Context(), newStore(c, logf(cmd.ErrOrStderr())), revoke(cmd.Context(), client))
			if errors.Is(err, agent.ErrRuns) {
				return fmt.Errorf("%w: systemctl disable --now etcfiles-etcd", err)
			}
			return err
		},
	}
}
