// Package admin is the etcfiles program as it is run by hand: it shows what the store holds, says why a name does or does
// not resolve, and mends. The text of --help, the man page etcfiles(8) and the shell completions all come from its commands.
package admin

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"
)

// Run runs the command that args name, without the name of the program, and returns its exit code: 0 when all went well,
// 1 when the answer is no or something is wrong with what was looked at, 2 for a wrong command line, 3 when it could not
// be done.
func Run(version string, args []string, stdout, stderr io.Writer) int {
	root := Command(version)
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	return exitCode(root.Execute(), stderr)
}

// Command returns the tree of commands.
func Command(version string) *cobra.Command {
	o := &options{}
	root := &cobra.Command{
		Use:   "etcfiles",
		Short: "Look into the hosts files of containers, and mend them",
		Long: `etcfiles is a CNI plugin that writes /etc/hosts, /etc/resolv.conf and /etc/hostname of every container. A container runtime
runs it with CNI_COMMAND in the environment; run by hand it is its own admin tool.`,
		SilenceErrors: true, SilenceUsage: true,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	o.addTo(root)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return usageError{err, cmd} })
	root.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error { return o.check(cmd) }
	root.AddCommand(
		listCommand(o), showCommand(o), resolveCommand(o), watchCommand(o), checkCommand(o), pruneCommand(o), removeCommand(o),
		refreshCommand(o), metricsCommand(o, version), configCommand(), versionCommand(version),
	)
	addCompletion(root)
	withUsageErrors(root)
	return root
}

// withUsageErrors makes a wrong number of operands, or an unknown command, an error of the command line.
func withUsageErrors(cmd *cobra.Command) {
	if check := cmd.Args; check != nil {
		cmd.Args = func(c *cobra.Command, args []string) error {
			if err := check(c, args); err != nil {
				return usageError{err, c}
			}
			return nil
		}
	}
	for _, sub := range cmd.Commands() {
		withUsageErrors(sub)
	}
}

// Exit codes.
const (
	exitOK = iota
	exitNo
	exitUsage
	exitFailed
)

// errNo is the error of a command whose answer is no and that has said so.
var errNo = errors.New("no")

// answerNo returns an error with a message for the answer no.
func answerNo(format string, args ...any) error {
	return fmt.Errorf("%w%w", fmt.Errorf(format, args...), quiet{errNo})
}

// quiet is an error that adds nothing to a message.
type quiet struct{ error }

func (quiet) Error() string   { return "" }
func (q quiet) Unwrap() error { return q.error }

// usageError is an error of the command line.
type usageError struct {
	error
	cmd *cobra.Command
}

func (e usageError) Unwrap() error { return e.error }

// exitCode prints the error, if there is one to print, and returns the code that it stands for.
func exitCode(err error, stderr io.Writer) int {
	var usage usageError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &usage):
		fmt.Fprintf(stderr, "etcfiles: %s (see %s --help)\n", plainLines(err.Error()), usage.cmd.CommandPath())
		return exitUsage
	}
	if text := err.Error(); text != errNo.Error() {
		fmt.Fprintf(stderr, "etcfiles: %s\n", plainLines(text))
	}
	if errors.Is(err, errNo) {
		return exitNo
	}
	return exitFailed
}
