package admin

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/etcfiles/etcfiles/pkg/cli"
	"github.com/etcfiles/etcfiles/pkg/etcfiles"
	"github.com/etcfiles/etcfiles/pkg/netconf"
)

func refreshCommand(o *options) *cobra.Command {
	var f format
	cmd := &cobra.Command{
		Use:   "refresh",
		Short: "Bring the resolv.conf of running containers to the DNS settings of the host",
		Long: `Bring the resolv.conf of running containers to the DNS settings that the host has now, as after a change of networks or with a
VPN that has come up. Only what was left to the host is taken from it, files that were edited stay as they are, and every file
stays in its place, so that a container sees the change at once. While the host has no nameserver that a container could reach,
the container keeps what it has, with a warning. One line says which file was rewritten, and its nameservers
before and now.`,
		Example: "  etcfiles refresh\n  etcfiles refresh --namespace k8s.io -o json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			done, err := o.manager(cmd).Refresh(cmd.Context(), o.namespace, netconf.HostDNS)
			if errors.Is(err, etcfiles.ErrNoStore) && o.namespace == "" { // a unit may ask before the first container
				err = nil
			}
			if err != nil && len(done) == 0 {
				return err
			}
			return errors.Join(err, printRefreshed(cmd, f, done))
		},
	}
	addFormat(cmd, &f)
	o.addLockTimeout(cmd)
	return cmd
}

func printRefreshed(cmd *cobra.Command, f format, done []etcfiles.Refreshed) error {
	if f == formatJSON {
		return printJSON(cmd.OutOrStdout(), append([]etcfiles.Refreshed{}, done...))
	}
	list := func(nameservers []string) string {
		if len(nameservers) == 0 {
			return "none"
		}
		return cli.Plain(strings.Join(nameservers, ","))
	}
	for _, r := range done {
		if _, err := fmt.Fprintf(cmd.OutOrStdout(), "%s/%s %s %s %s→%s\n", r.Namespace, r.ID, cli.Plain(r.Name), r.Path, list(r.Old), list(r.New)); err != nil {
			return err
		}
	}
	return nil
}
