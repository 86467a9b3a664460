// Package command is the command line of etcfiles-etcd. The text of --help, the man page etcfiles-etcd(8) and the shell completions all come from
// it.
package command

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/etcfiles/etcfiles/pkg/cli"
	"github.com/etcfiles/etcfiles/plugins/etcd/etcfiles-etcd/agent"
	"github.com/etcfiles/etcfiles/plugins/etcd/etcfiles-etcd/config"
)

const program = "etcfiles-etcd"

// exitFailed is for what could not be done. A refused identity is an answer: no.
const exitFailed = 3

// Run is the program. args are without its name; it returns the exit code: 0, 1 when the answer is no, 2 for a wrong command line, 3 when it failed.
func Run(version string, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	return cli.Run(Command(version), exitFailed, args, stdin, stdout, stderr)
}

// Command returns the tree of commands.
func Command(version string) *cobra.Command {
	o := &options{version: version}
	root := &cobra.Command{
		Use:   program,
		Short: "Share the names of containers between hosts through etcd",
		Long: `etcfiles-etcd publishes the containers of this host to etcd, and puts those of other hosts into the store of etcfiles: into the
hosts files of containers, running ones too, and into the hosts file of the network, from which a DNS server can answer. It
stands in the path of no container's start, and when etcd is away, names stay.

Its configuration is /etc/etcfiles/etcd.json, see CONFIGURATION in etcfiles-etcd(8).`,
		Example: "  etcfiles-etcd status",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return cli.Misuse(cmd, "want a command: run, status, ls, grant, leave or metrics")
		},
	}
	root.PersistentFlags().StringVar(&o.config, "config", config.Path, "`file` with the configuration")
	root.PersistentFlags().StringVar(&o.runDir, "run-dir", string(agent.RunDir), "`directory` in which the service leaves what it knows")
	_ = root.MarkPersistentFlagFilename("config", "json")
	_ = root.MarkPersistentFlagDirname("run-dir")
	run, status, ls, leave, metrics := o.runCommand(), o.statusCommand(), o.lsCommand(), o.leaveCommand(), o.metricsCommand()
	cli.Waiting(run, ls, leave)
	cli.AsRoot(nil, run, status, ls, leave, metrics) // others cannot see whether a service runs: whoever can open its lock could hold it
	root.AddCommand(run, status, ls, o.grantCommand(), leave, metrics)
	return cli.Program(root, version)
}

// options are the flags that every command has.
type options struct {
	version, config, runDir string
}

func (o *options) dir() agent.Dir { return agent.Dir(o.runDir) }

// outputFlag adds -o.
func outputFlag(cmd *cobra.Command, json *bool) {
	var format string
	cmd.Flags().StringVarP(&format, "output", "o", "text", "`format`: text or json")
	_ = cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions([]string{"text", "json"}, cobra.ShellCompDirectiveNoFileComp))
	cmd.PreRunE = func(cmd *cobra.Command, _ []string) error {
		switch format {
		case "text", "json":
			*json = format == "json"
			return nil
		}
		return cli.Misuse(cmd, "--output %q: want text or json", format)
	}
}

// logf returns a function that writes lines of a log. The journal, or whoever reads them, has the time.
func logf(w io.Writer) func(format string, args ...any) {
	return func(format string, args ...any) {
		fmt.Fprintln(w, program+": "+cli.Plain(strings.ReplaceAll(fmt.Sprintf(format, args...), "\n", "; ")))
	}
}
