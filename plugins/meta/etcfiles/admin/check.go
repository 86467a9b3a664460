package admin

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/etcfiles/etcfiles/pkg/cli"
	"github.com/etcfiles/etcfiles/pkg/inspect"
)

func checkCommand(o *options) *cobra.Command {
	var out format
	var repair bool
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Look for faults in the store, and mend them",
		Long: `Compare every record, file and index of the store with each other and with the network namespaces that live, in every
namespace or in that of --namespace, and say what is wrong: where, what, and what to do. It looks under the lock, so that
no running operation is taken for a fault, and writes nothing. It also looks whether running containers have their hosts file
mounted: a namespace in which none has is a fault, and one container without it among others a note.

With --repair it mends what can be mended, as the next operation would and also what none would look at: the index, lines
of hosts files, modes and owners, containers that are dead, what was left half-done. Then it looks again, and says what was mended and
what is left.

A note is no fault, such as a resolv.conf that was edited in its container. The exit code is 0 when nothing is wrong, or
nothing any more, 1 when something is or there is no such namespace, and 3 when it could not look: there is no data directory, a process holds the lock, or
the hosts files have another marker than --marker.`,
		Example: `  etcfiles check
  etcfiles check --namespace k8s.io --repair
  etcfiles check -o json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			list, err := o.manager(cmd).Audit(cmd.Context(), o.namespace, repair)
			if err != nil && len(list) == 0 { // it could not look
				return err
			}
			if err := errors.Join(err, printFindings(cmd.OutOrStdout(), out, list, "nothing is wrong")); err != nil {
				return err
			}
			if inspect.Faulty(list) {
				return cli.ErrNo
			}
			return nil
		},
	}
	addFormat(cmd, &out)
	o.addLockTimeout(cmd)
	cmd.Flags().BoolVar(&repair, "repair", false, "mend what can be mended")
	return cmd
}

// printFindings prints findings, or for a table that there are none.
func printFindings(w io.Writer, out format, list []inspect.Finding, none string) error {
	if out == formatJSON {
		if list == nil {
			list = []inspect.Finding{}
		}
		return printJSON(w, list)
	}
	if len(list) == 0 {
		_, err := fmt.Fprintln(w, none)
		return err
	}
	head := []string{"STATE", "WHERE", "WHAT", "WHAT TO DO"}
	if out == formatWide {
		head = []string{"STATE", "PROBLEM", "NAMESPACE", "CONTAINER", "NAME", "NETWORK", "PATH", "WHAT", "WHAT TO DO"}
	}
	rows := make([][]cell, len(list))
	for i := range list {
		f := &list[i]
		state, do := cell{text: "wrong", bad: true}, f.Do
		switch {
		case f.Mended:
			state, do = cell{text: "mended"}, ""
		case f.Note:
			state = cell{text: "note"}
		}
		rows[i] = []cell{state, {text: f.Where()}, {text: f.What}, {text: do}}
		if out == formatWide {
			rows[i] = []cell{
				state,
				{text: string(f.Problem)},
				{text: f.Namespace},
				{text: f.ID},
				{text: f.Name},
				{text: f.Network},
				{text: f.Path},
				{text: f.What},
				{text: do},
			}
		}
	}
	return printTable(w, head, rows)
}
