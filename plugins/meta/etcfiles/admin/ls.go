package admin

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/etcfiles/etcfiles/pkg/cli"
	"github.com/etcfiles/etcfiles/pkg/etcfiles"
	"github.com/etcfiles/etcfiles/pkg/hostsstore"
	"github.com/etcfiles/etcfiles/pkg/inspect"
	"github.com/etcfiles/etcfiles/pkg/names"
	"github.com/etcfiles/etcfiles/pkg/roster"
)

func listCommand(o *options) *cobra.Command {
	var f format
	var kept, remote bool
	cmd := &cobra.Command{
		Use:        "ls [NETWORK]",
		SuggestFor: []string{"list", "ps"},
		Short:      "List the containers of the store",
		Long: `List the containers of the store, one line for each attachment: of all networks, or of one. It reads their records, takes no lock
and writes nothing. NETNS is alive, gone (etcfiles prune removes the container), of an earlier boot (the same) or
unknown. A record that cannot be read is a warning on stderr. The answer is no (exit code 1) when a network or
namespace is named that no container has.

With --kept it lists what the conflist's keepFiles has left of containers that no longer exist: since when, and which files. A
start of the same container takes them over; etcfiles prune --kept removes them.

With --remote it lists the containers of other hosts, as etcfiles import or a service has brought them here: their host, and the revision
by which of two with one name the lower one stands first. FILES says whose hosts files list them.`,
		Example: `  etcfiles ls
  etcfiles ls --kept
  etcfiles ls --remote lab
  etcfiles ls lab -o wide
  etcfiles ls --namespace k8s.io -o json`,
		Args:              cli.OneOperandAtMost,
		ValidArgsFunction: o.completeNetwork,
		RunE: func(cmd *cobra.Command, args []string) error {
			if kept {
				return o.listKept(cmd, f, args)
			}
			if remote {
				return o.listRemote(cmd, f, args)
			}
			list, err := o.manager(cmd).Inspect(o.namespace)
			if err = o.noteNoStore(cmd, err); err != nil {
				return err
			}
			rows := attached(list, strings.Join(args, ""))
			if f == formatJSON {
				err = printJSON(cmd.OutOrStdout(), rows)
			} else {
				err = printRows(cmd.OutOrStdout(), rows, f == formatWide)
			}
			switch {
			case err != nil || len(rows) > 0:
				return err
			case len(args) > 0:
				return cli.Answer("no container in %s is on a network %s", o.where(), args[0])
			case o.namespace != "":
				return cli.Answer("no container is in %s", o.where())
			}
			return nil
		},
	}
	addFormat(cmd, &f)
	cmd.Flags().BoolVar(&kept, "kept", false, "list what keepFiles has left of containers that no longer exist")
	cmd.Flags().BoolVar(&remote, "remote", false, "list containers of other hosts")
	cmd.MarkFlagsMutuallyExclusive("kept", "remote")
	return cmd
}

// noteNoStore says that there is no data directory, and returns nil: before the first container nothing is in it. Any other
// error it returns.
func (o *options) noteNoStore(cmd *cobra.Command, err error) error {
	if !errors.Is(err, etcfiles.ErrNoStore) {
		return err
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "etcfiles: note: %s\n", cli.Plain(noStore(err).Error()))
	return nil
}

// attachedRow is one attachment of a container.
type attachedRow struct {
	Namespace  string       `json:"namespace"`
	Network    string       `json:"network"`
	Name       string       `json:"name"`
	Addresses  []netip.Addr `json:"addresses"`
	Aliases    []string     `json:"aliases"`
	ID         string       `json:"id"`
	Since      string       `json:"since"` // RFC 3339, "" for a record of nerdctl
	Netns      shownNetns   `json:"netns"`
	IfName     string       `json:"ifName"`
	Hostname   string       `json:"hostname"`
	Kubernetes string       `json:"kubernetesNamespace"`

	since time.Time
}

// attached returns the rows of a network, or of all for "", sorted.
func attached(list []*inspect.Inspected, network string) []*attachedRow {
	rows := []*attachedRow{}
	for _, i := range list {
		base := attachedRow{
			Namespace: i.Namespace, Name: i.Name(), ID: i.Record.ID, Netns: netnsOf(i), Hostname: i.Record.Hostname,
			Addresses: []netip.Addr{}, Aliases: []string{}, Kubernetes: kubernetesOf(i),
		}
		if len(i.Attachments) == 0 && network == "" {
			rows = append(rows, &base)
		}
		for _, a := range i.Attachments {
			if network != "" && a.Network != network {
				continue
			}
			row := base
			row.Network, row.IfName, row.Addresses = a.Network, a.IfName, append(row.Addresses, a.Addresses...)
			row.Aliases = append(row.Aliases, aliasesOf(i, &a)...)
			row.Since, row.since = exact(a.Since), a.Since
			rows = append(rows, &row)
		}
	}
	slices.SortStableFunc(rows, func(a, b *attachedRow) int {
		return cmp.Or(
			strings.Compare(a.Namespace, b.Namespace), strings.Compare(a.Network, b.Network),
			strings.Compare(a.Name, b.Name), strings.Compare(a.ID, b.ID), strings.Compare(a.IfName, b.IfName),
		)
	})
	return rows
}

func aliasesOf(i *inspect.Inspected, a *hostsstore.Attachment) []string {
	return slices.DeleteFunc(roster.AllNames(a), func(name string) bool { return i.Kind(name) != inspect.Alias })
}

func printRows(w io.Writer, rows []*attachedRow, wide bool) error {
	head := []string{"NAMESPACE", "NETWORK", "NAME", "KUBERNETES", "ADDRESSES", "ALIASES", "ID", "SINCE", "NETNS"}
	netns := len(head) - 1
	if wide {
		head = append(head, "IFNAME", "HOSTNAME", "PATH")
	}
	now := time.Now()
	var table [][]cell
	for _, r := range rows {
		id, since := names.ShortID(r.ID), ago(now, r.since)
		if wide {
			id, since = r.ID, r.Since
		}
		fields := []string{r.Namespace, r.Network, r.Name, r.Kubernetes, join(r.Addresses), strings.Join(r.Aliases, ","), id, since, string(r.Netns.State)}
		if wide {
			fields = append(fields, r.IfName, r.Hostname, r.Netns.Path)
		}
		line := make([]cell, len(fields))
		for i, field := range fields {
			line[i] = cell{text: cmp.Or(field, "-")}
		}
		line[netns].bad = r.Netns.State.Dead()
		table = append(table, line)
	}
	return printTable(w, head, table)
}

func join(addresses []netip.Addr) string {
	out := make([]string, len(addresses))
	for i, a := range addresses {
		out[i] = a.String()
	}
	return strings.Join(out, ",")
}
