package command

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/etcfiles/etcfiles/pkg/cluster"
	"github.com/etcfiles/etcfiles/plugins/etcd/etcfiles-etcd/agent"
	"github.com/etcfiles/etcfiles/plugins/etcd/etcfiles-etcd/config"
)

// listed is a container in etcd.
type listed struct {
	Namespace string       `json:"namespace"`
	Network   string       `json:"network"`
	Host      string       `json:"host"`
	ID        string       `json:"id"`
	IfName    string       `json:"ifname"`
	Addresses []netip.Addr `json:"addresses"`
	Names     []string     `json:"names"`
	Revision  int64        `json:"revision"`
}

func (o *options) lsCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "ls",
		Short: "List what is in etcd, by host",
		Long: `List the containers of the configured networks in etcd, those of this host too, as etcd has them: not all of it need be
taken over here, see status. Only root can do it; for others the exit code is 3.`,
		Example: "  etcfiles-etcd ls",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := config.Read(o.config)
			if err != nil {
				return err
			}
			list, err := list(cmd.Context(), c)
			if err != nil {
				return err
			}
			if asJSON {
				text, err := json.MarshalIndent(list, "", "  ")
				if err != nil {
					return err
				}
				fmt.Fprintln(cmd.OutOrStdout(), string(text))
				return nil
			}
			w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
			fmt.Fprintln(w, "NETWORK\tHOST\tID\tINTERFACE\tADDRESSES\tNAMES")
			for _, l := range list {
				fmt.Fprintf(w, "%s/%s\t%s\t%.12s\t%s\t%s\t%s\n", l.Namespace, l.Network, l.Host, l.ID, l.IfName, strings.Trim(fmt.Sprint(l.Addresses), "[]"), strings.Join(l.Names, " "))
			}
			return w.Flush()
		},
	}
	outputFlag(cmd, &asJSON)
	return cmd
}

// list returns what is in etcd of the configured networks, as far as it can be read.
func list(ctx context.Context, c *config.Config) ([]listed, error) {
	client, err := connect(c)
	if err != nil {
		return nil, err
	}
	defer client.Close() //nolint:errcheck // nothing was written
	out := []listed{}
	for _, n := range c.Networks {
		err := agent.List(ctx, client, n.Prefix(), func(key string, value []byte, created int64) {
			k, err := n.ParseKey(key)
			if err != nil || k.Kind != cluster.Attachment {
				return
			}
			p, _ := cluster.DecodePeer(n.Network, k, value, true)
			if p == nil {
				return
			}
			l := listed{n.Namespace, n.Name, k.Host, p.ID, p.IfName, p.Addresses, nil, created}
			for _, name := range p.Names {
				l.Names = append(l.Names, name.String())
			}
			out = append(out, l)
		})
		if err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(out, func(a, b listed) int {
		return cmp.Or(strings.Compare(a.Namespace, b.Namespace), strings.Compare(a.Network, b.Network), strings.Compare(a.Host, b.Host), cmp.Compare(a.Revision, b.Revision))
	})
	return out, nil
}

// revoke takes a lease, and with it all of its keys, out of etcd. One that has expired is no error.
func revoke(ctx context.Context, client *agent.Client) func(lease int64) error {
	return func(lease int64) error { return agent.Revoke(ctx, client, lease) }
}
