package admin

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/etcfiles/etcfiles/pkg/inspect"
)

func pruneCommand(o *options) *cobra.Command {
	var out format
	var dryRun bool
	cmd := &cobra.Command{
		Use:   "prune",
		Short: "Remove what is dead",
		Long: `Remove containers of an earlier boot and those whose network namespace is gone, with their names in the hosts files of their
peers and their own files; do the DELs that were put off; and remove what removals and processes that were cut off have
left: half-written files, empty directories, corrupt records that were put aside, notes of keepFiles without their files.
One line for each says what and why. Files that keepFiles keeps stay, and so do files that nobody has a record of: a
runtime may use them.`,
		Example: `  etcfiles prune --dry-run
  etcfiles prune --namespace default`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			list, err := o.manager(cmd).Prune(cmd.Context(), o.namespace, dryRun)
			if err != nil && len(list) == 0 {
				return err
			}
			return errors.Join(err, printPruned(cmd.OutOrStdout(), out, list, dryRun))
		},
	}
	addFormat(cmd, &out)
	o.addLockTimeout(cmd)
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "only say what would be removed")
	return cmd
}

func printPruned(w io.Writer, out format, list []inspect.Finding, dryRun bool) error {
	if out == formatJSON {
		return printFindings(w, out, list, "")
	}
	if len(list) == 0 {
		_, err := fmt.Fprintln(w, "nothing is dead")
		return err
	}
	state := "removed"
	if dryRun {
		state = "would be removed"
	}
	head := []string{"STATE", "NAMESPACE", "CONTAINER", "NAME", "WHY"}
	if out == formatWide {
		head = append(head, "PROBLEM", "PATH")
	}
	rows := make([][]cell, len(list))
	for i := range list {
		f := &list[i]
		why := f.What
		if f.ID == "" && out != formatWide {
			why = f.Path + ": " + f.What
		}
		rows[i] = []cell{{text: state}, {text: f.Namespace}, {text: f.ID}, {text: f.Name}, {text: why}}
		if out == formatWide {
			rows[i] = append(rows[i], cell{text: string(f.Problem)}, cell{text: f.Path})
		}
	}
	return printTable(w, head, rows)
}
