package admin

import (
	"cmp"
	"net/netip"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/etcfiles/etcfiles/pkg/cli"
	"github.com/etcfiles/etcfiles/pkg/names"
)

// remoteRow is a container of another host.
type remoteRow struct {
	Namespace string       `json:"namespace"`
	Network   string       `json:"network"`
	Host      string       `json:"host"`
	Names     []string     `json:"names"`
	Addresses []netip.Addr `json:"addresses"`
	ID        string       `json:"id"` // "" where only its names are known
	IfName    string       `json:"ifName"`
	Revision  int64        `json:"revision"`
	Files     files        `json:"files"`
}

func (o *options) listRemote(cmd *cobra.Command, f format, args []string) error {
	list, err := o.manager(cmd).Remote(o.namespace)
	if err = o.noteNoStore(cmd, err); err != nil {
		return err
	}
	rows := []*remoteRow{}
	network := strings.Join(args, "")
	for _, r := range list {
		if network != "" && r.Network != network {
			continue
		}
		row := &remoteRow{r.Namespace, r.Network, r.Host, r.Names, r.Addresses, r.ID, r.IfName, r.Revision, filesContainers}
		if r.NetworkOnly {
			row.Files = filesNetwork
		}
		rows = append(rows, row)
	}
	if f == formatJSON {
		err = printJSON(cmd.OutOrStdout(), rows)
	} else {
		err = printRemote(cmd, rows, f == formatWide)
	}
	if err == nil && len(rows) == 0 && len(args) > 0 {
		err = cli.Answer("no other host has anything in %s on a network %s", o.where(), network)
	}
	return err
}

func printRemote(cmd *cobra.Command, rows []*remoteRow, wide bool) error {
	table := make([][]cell, len(rows))
	for i, r := range rows {
		id := r.ID
		if !wide {
			id = names.ShortID(id)
		}
		for _, field := range []string{
			r.Namespace, r.Network, r.Host, strings.Join(r.Names, ","), join(r.Addresses), id, strconv.FormatInt(r.Revision, 10), string(r.Files),
		} {
			table[i] = append(table[i], cell{text: cmp.Or(field, "-")})
		}
	}
	return printTable(cmd.OutOrStdout(), []string{"NAMESPACE", "NETWORK", "HOST", "NAMES", "ADDRESSES", "ID", "REVISION", "FILES"}, table)
}
