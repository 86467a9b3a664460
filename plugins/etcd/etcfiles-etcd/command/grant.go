package command

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/etcfiles/etcfiles/pkg/cli"
	"github.com/etcfiles/etcfiles/pkg/cluster"
	"github.com/etcfiles/etcfiles/pkg/iprange"
)

func (o *options) grantCommand() *cobra.Command {
	var networks, ranges []string
	var namespace, host string
	cmd := &cobra.Command{
		Use:   "grant",
		Short: "Print the commands that give a host its rights in etcd",
		Long: `Print the commands of etcdctl that make a user and a role of etcd for a host: it can read all of the networks, and write what
is the host's own. The user is known by the CN of its certificate, the name of the host; that is so once etcd has
--client-cert-auth, a user root, and "etcdctl auth enable". With --range the addresses are granted too: then those of every host of the network
have to be, and only these count. What is there already stays: run it again for another network, or for other addresses, which replace those that
were granted before.`,
		Example: "  etcfiles-etcd grant --network lab --host h1 --range 10.231.1.0/24 | sh -e",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := cluster.CheckHost(host); err != nil {
				return cli.Misuse(cmd, "--host: %w", err)
			}
			if len(networks) == 0 {
				return cli.Misuse(cmd, "--network is missing")
			}
			granted, err := iprange.ParseAll(ranges)
			if err != nil {
				return cli.Misuse(cmd, "--range: %w", err)
			}
			for _, network := range networks {
				n := cluster.Network{Namespace: namespace, Name: network}
				if err := n.Check(); err != nil {
					return cli.Misuse(cmd, "--network: %w", err)
				}
				if err := printGrant(cmd.OutOrStdout(), n, host, granted, network == networks[0]); err != nil {
					return err
				}
			}
			return nil
		},
	}
	cmd.Flags().StringSliceVar(&networks, "network", nil, "`name` of a network; several with commas")
	cmd.Flags().StringVar(&namespace, "namespace", "default", "`namespace` of the store that the networks are in")
	cmd.Flags().StringVar(&host, "host", "", "`name` of the host")
	cmd.Flags().StringSliceVar(&ranges, "range", nil, "`addresses` that the host gives out, 10.231.1.0/24 or 10.231.1.10-10.231.1.99; several with commas")
	return cmd
}

// printGrant prints what gives a host its rights in a network; the first of several makes its user and role too, if they are not there.
func printGrant(w io.Writer, n cluster.Network, host string, granted []iprange.Range, first bool) error {
	role := "etcfiles-" + host
	if first {
		fmt.Fprintf(w, "etcdctl user get %s >/dev/null 2>&1 || etcdctl user add %[1]s --no-password\n", host)
		fmt.Fprintf(w, "etcdctl role get %s >/dev/null 2>&1 || etcdctl role add %[1]s\n", role)
		fmt.Fprintf(w, "etcdctl user grant-role %s %s\n", host, role)
	}
	fmt.Fprintf(w, "etcdctl role grant-permission %s --prefix read %s\n", role, n.Prefix())
	fmt.Fprintf(w, "etcdctl role grant-permission %s --prefix readwrite %s\n", role, n.HostPrefix(host))
	if len(granted) == 0 {
		return nil
	}
	value, err := cluster.EncodeRanges(granted)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "etcdctl put %s '%s'\n", n.RangesKey(host), value)
	return nil
}
