package admin

import (
	"fmt"
	"net/netip"
	"path"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/etcfiles/etcfiles/pkg/cli"
	"github.com/etcfiles/etcfiles/pkg/inspect"
)

func watchCommand(o *options) *cobra.Command {
	var f format
	cmd := &cobra.Command{
		Use:   "watch [NETWORK]",
		Short: "Print each name that comes or goes",
		Long: `Print a line for each name that comes (+) to or goes (-) from a network, from now on: the time, the sign, namespace, network,
name and address, and with -o wide the ID of the container, for one of another host as HOST/ID. It waits in the kernel and does nothing meanwhile. The data
directory, the namespace and the network need not be there yet. A name that comes and goes within a moment may
leave no line; the sum of the lines is always what is there. SIGINT and SIGTERM end it with exit code 0.`,
		Example: `  etcfiles watch
  etcfiles watch lab -o json`,
		Args:              cli.OneOperandAtMost,
		ValidArgsFunction: o.completeNetwork,
		RunE: func(cmd *cobra.Command, args []string) error {
			network := strings.Join(args, "")
			return o.manager(cmd).Watch(cmd.Context(), o.namespace, func(c inspect.Change) error {
				if network != "" && c.Network != network {
					return nil
				}
				return printChange(cmd, f, c)
			})
		},
	}
	addFormat(cmd, &f)
	cli.Waiting(cmd)
	return cmd
}

// changeRow is a name that came or went.
type changeRow struct {
	Time      string     `json:"time"`
	Event     string     `json:"event"` // add or remove
	Namespace string     `json:"namespace"`
	Network   string     `json:"network"`
	Name      string     `json:"name"`
	Address   netip.Addr `json:"address"`
	ID        string     `json:"id"`
	Host      string     `json:"host,omitempty"` // that the container is on, if it is another one
}

func printChange(cmd *cobra.Command, f format, c inspect.Change) error {
	row := changeRow{exact(time.Now()), "remove", c.Namespace, c.Network, c.Name, c.Address, c.ID, c.Host}
	sign := "-"
	if c.Came {
		row.Event, sign = "add", "+"
	}
	if f == formatJSON {
		return printJSONLine(cmd.OutOrStdout(), row)
	}
	line := fmt.Sprintf("%s %s %s %s %s %s", row.Time, sign, c.Namespace, c.Network, c.Name, c.Address)
	if f == formatWide {
		line += " " + path.Join(c.Host, c.ID)
	}
	_, err := fmt.Fprintln(cmd.OutOrStdout(), cli.Plain(line))
	return err
}
