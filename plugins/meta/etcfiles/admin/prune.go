package admin

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/etcfiles/etcfiles/pkg/inspect"
)

func pruneCommand(o *options) *cobra.Command {
	var out format
	var dryRun bool
	var kept age
	cmd := &cobra.Command{
		Use:   "prune",
		Short: "Remove what is dead",
		Long: `Remove containers of an earlier boot, those whose network namespace is gone, and those that have left their last network and have
no process there any more, with their names in the hosts files of their peers and their own files; do the DELs that were put off; and remove what removals and processes that were cut off have
left: half-written files, empty directories, corrupt records that were put aside, notes of keepFiles without their files.
One line for each says what and why. Files that nobody has a record of stay: a runtime may use them.

What the conflist's keepFiles has left of containers that no longer exist stays, too, unless --kept says for how long: then
what is older goes. A container that is only stopped starts with new files after that.`,
		Example: `  etcfiles prune --dry-run
  etcfiles prune --kept 30d
  etcfiles prune --namespace default`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			m := o.manager(cmd)
			list, err := m.Prune(cmd.Context(), o.namespace, dryRun)
			if err == nil && kept.given {
				var left []inspect.Finding
				left, err = m.PruneKept(cmd.Context(), o.namespace, kept.before(time.Now()), dryRun)
				list = append(list, left...)
			}
			if err != nil && len(list) == 0 {
				return err
			}
			left, keptErr := m.Kept(o.namespace)
			return errors.Join(err, keptErr, printPruned(cmd.OutOrStdout(), out, list, len(left), dryRun))
		},
	}
	addFormat(cmd, &out)
	o.addLockTimeout(cmd)
	cmd.Flags().Var(&kept, "kept", "remove also what keepFiles has left for longer than this, such as 30d or 12h; 0s for all")
	_ = cmd.RegisterFlagCompletionFunc("kept", cobra.FixedCompletions([]string{"1d", "7d", "30d"}, cobra.ShellCompDirectiveNoFileComp))
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "only say what would be removed")
	return cmd
}

// printPruned prints what was removed; kept is of how many containers keepFiles has left files that stay.
func printPruned(w io.Writer, out format, list []inspect.Finding, kept int, dryRun bool) error {
	if out == formatJSON {
		return printFindings(w, out, list, "")
	}
	if len(list) == 0 {
		text := "nothing is dead"
		if kept > 0 {
			text += fmt.Sprintf("; keepFiles has left files of %s: etcfiles ls --kept lists them, etcfiles prune --kept 30d removes older ones", containers(kept))
		}
		_, err := fmt.Fprintln(w, text)
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

func containers(n int) string {
	if n == 1 {
		return "1 container"
	}
	return fmt.Sprintf("%d containers", n)
}
