// Package admin is the etcfiles program as it is run by hand: it shows what the store holds, says why a name does or does
// not resolve, and mends. The text of --help, the man page etcfiles(8) and the shell completions all come from its commands.
package admin

import (
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/etcfiles/etcfiles/pkg/cli"
)

const exitFailed = 3

// Run runs the command that args name, without the name of the program, and returns its exit code: 0 when all went well,
// 1 when the answer is no or something is wrong with what was looked at, 2 for a wrong command line, 3 when it could not
// be done, also because it was not run by root.
func Run(version string, args []string, stdout, stderr io.Writer) int {
	return cli.Run(Command(version), exitFailed, args, os.Stdin, stdout, stderr)
}

// Command returns the tree of commands.
func Command(version string) *cobra.Command {
	o := &options{}
	root := &cobra.Command{
		Use:   "etcfiles",
		Short: "Look into the hosts files of containers, and mend them",
		Long: `etcfiles is a CNI plugin that writes /etc/hosts, /etc/resolv.conf and /etc/hostname of every container. A container runtime
runs it with CNI_COMMAND in the environment; run by hand it is its own admin tool.

For a --namespace that the data directory does not have the exit code of every command is 1, but for watch, which waits for it.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	o.addTo(root)
	root.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error { return o.check(cmd) }
	ofStore := []*cobra.Command{
		listCommand(o), showCommand(o), resolveCommand(o), watchCommand(o), checkCommand(o), pruneCommand(o), removeCommand(o), setCommand(o),
		importCommand(o), exportCommand(o), refreshCommand(o), adoptCommand(o), convertCommand(o), metricsCommand(o, version),
	}
	advised(ofStore)
	cli.AsRoot(func() string { return o.dataDir }, ofStore...)
	root.AddCommand(append(ofStore, configCommand(), setupCommand(o))...)
	withVersion(root, version)
	return cli.Program(root, version)
}

// withVersion begins the program's own help as every CNI plugin answers that is run without CNI_COMMAND: Nomad takes the first
// word of that answer that is a version for the version of the plugin.
func withVersion(root *cobra.Command, version string) {
	help := root.HelpFunc()
	root.SetHelpFunc(func(cmd *cobra.Command, args []string) {
		if cmd == root {
			cmd.Printf("CNI etcfiles plugin %s\n\n", version)
		}
		help(cmd, args)
	})
}
