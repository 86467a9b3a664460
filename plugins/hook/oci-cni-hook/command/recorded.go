package command

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/etcfiles/etcfiles/pkg/cli"
	"github.com/etcfiles/etcfiles/pkg/ocihook"
)

func (o *options) lsCommand() *cobra.Command {
	return &cobra.Command{
		Use:        "ls",
		SuggestFor: []string{"list", "ps"},
		Short:      "Show what is recorded of containers",
		Long: `Show of each container what is recorded: its ID as CNI plugins see it, which is what rm wants; the PID of a process that
lives, its own or one of its network namespace; its networks and interfaces; its bundle. If the last DEL failed, the next
line says why. Where a hook entry of a version before has no --allow, the next line has the command that renews it; the
bundle of a container that such a version has started is not known.`,
		Example: "  oci-cni-hook ls",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			all, err := o.hook().List()
			if err != nil {
				return err
			}
			return printRecorded(cmd.OutOrStdout(), all)
		},
	}
}

// printRecorded prints a table. What is not known, or is none, is a dash.
func printRecorded(w io.Writer, all []ocihook.Recorded) error {
	var text strings.Builder
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ID\tPID\tNETWORKS\tBUNDLE")
	for _, r := range all {
		pid := ""
		if r.PID != 0 {
			pid = strconv.Itoa(r.PID)
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", cell(r.CNIID), cell(pid), cell(strings.Join(r.Attachments, ",")), cell(r.Bundle))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	lines := strings.SplitAfter(text.String(), "\n")
	for i, r := range slices.Backward(all) {
		switch command := renewal(r); {
		case command != "":
			lines = slices.Insert(lines, i+2, "  its hook has no --allow, so that annotations of an image count: renew it: "+cli.Plain(command)+"\n")
		case r.Bundle == "" && r.PID != 0:
			lines = slices.Insert(lines, i+2, "  a version before has started it: if its hook has no --allow, renew that of its bundle: "+
				program+" spec --mount-hook '' BUNDLE\n")
		}
		if r.Failure != "" {
			lines = slices.Insert(lines, i+2, "  not freed: "+cli.Plain(strings.ReplaceAll(r.Failure, "\n", "; "))+"\n")
		}
	}
	_, err := io.WriteString(w, strings.Join(lines, ""))
	return err
}

func cell(s string) string {
	if s == "" {
		return "-"
	}
	return cli.Plain(s)
}

func (o *options) rmCommand() *cobra.Command {
	return &cobra.Command{
		Use:        "rm ID",
		SuggestFor: []string{"remove", "delete", "del"},
		Short:      "End what is recorded of a container, whatever fails",
		Long: `Run the DEL of every plugin for the container with the ID that ls shows, let its network namespace go and drop its record,
whatever fails. What a plugin could not free is said on stderr and is for you to free. A container that lives is refused.`,
		Example: "  oci-cni-hook rm default-web",
		Args:    cli.Operands("a container by its ID, which ls shows"),
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return o.hook().IDs(), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			h := o.hook()
			removed, kept, err := h.Remove(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			for _, err := range kept {
				fmt.Fprintf(cmd.ErrOrStderr(), "%s: %s: not freed: %s\n", program, args[0], cli.Plain(strings.ReplaceAll(err.Error(), "\n", "; ")))
			}
			printRemoved(cmd.OutOrStdout(), args[0], removed)
			return nil
		},
	}
}
