// Package cli is what the command lines of the programs have in common: errors of usage, exit codes, one line for an error
// that no terminal minds, the commands version and completion.
package cli

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/spf13/cobra"
)

// Exit codes of every program.
const (
	// OK is that all went well.
	OK = 0
	// No is that the answer is no, or that something is wrong with what was looked at.
	No = 1
	// Usage is a wrong command line.
	Usage = 2
)

// ErrNo is the error of a command whose answer is no and that has said so.
var ErrNo = errors.New("no")

// Answer returns an error with a message that stands for the answer no.
func Answer(format string, args ...any) error { return answer{fmt.Errorf(format, args...)} }

type answer struct{ error }

func (a answer) Unwrap() []error { return []error{a.error, ErrNo} }

// Misuse returns an error of the command line of cmd.
func Misuse(cmd *cobra.Command, format string, args ...any) error {
	return misuse{fmt.Errorf(format, args...), cmd}
}

type misuse struct {
	error
	cmd *cobra.Command
}

func (m misuse) Unwrap() error { return m.error }

// Run runs the command that args name, without the name of the program, and returns its exit code: OK, No, Usage, NotRoot, or
// failed for any other error. An error is printed as one line, unless it is ErrNo. root is one that Program has completed.
func Run(root *cobra.Command, failed int, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	if len(args) == 1 && args[0] == "--version" {
		args = []string{"version"}
	}
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.Execute()
	var wrong misuse
	var other notRoot
	var said answer
	switch {
	case err == nil:
		return OK
	case errors.As(err, &wrong):
		fmt.Fprintf(stderr, "%s: %s (see %s --help)\n", root.Name(), oneLine(err), wrong.cmd.CommandPath())
		return Usage
	case errors.As(err, &other):
		fmt.Fprintf(stderr, "%s: %s\n", root.Name(), oneLine(err))
		return NotRoot
	case !errors.Is(err, ErrNo):
		fmt.Fprintf(stderr, "%s: %s\n", root.Name(), oneLine(err))
		return failed
	case errors.As(err, &said):
		fmt.Fprintf(stderr, "%s: %s\n", root.Name(), oneLine(err))
	}
	return No
}

// Program completes the tree of commands of a program and returns it: with the commands version and completion, and with an
// error of the command line for whatever cobra minds in one.
func Program(root *cobra.Command, version string) *cobra.Command {
	root.SilenceErrors, root.SilenceUsage = true, true
	root.AddCommand(versionCommand(root.Name(), version))
	addCompletion(root)
	addHelp(root)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return Misuse(cmd, "%w", err) })
	checkOperands(root)
	fit(root)
	return root
}

// checkOperands makes a wrong number of operands, or an unknown command, an error of the command line.
func checkOperands(cmd *cobra.Command) {
	if check := cmd.Args; check != nil {
		cmd.Args = func(c *cobra.Command, args []string) error {
			if err := check(c, args); err != nil {
				if c.HasSubCommands() && len(args) > 0 {
					err = suggested(c, err, args[0])
				}
				return Misuse(c, "%w", err)
			}
			return nil
		}
	}
	for _, sub := range cmd.Commands() {
		checkOperands(sub)
	}
}

// addCompletion adds the command completion for bash, zsh and fish.
func addCompletion(root *cobra.Command) {
	root.InitDefaultCompletionCmd()
	for _, c := range root.Commands() {
		if c.Name() != "completion" {
			continue
		}
		for _, shell := range c.Commands() {
			if shell.Name() == "powershell" {
				c.RemoveCommand(shell)
				continue
			}
			shell.Example = "  " + root.Name() + " completion " + shell.Name()
		}
		c.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() } // what cannot run has its operands looked at by nobody
		c.Short = "Print what completes the command line in a shell"
		c.Long = `Print a script that completes commands, flags and operands in bash, zsh or fish. The help of each says where it goes.`
		c.Example = "  " + root.Name() + " completion bash >/usr/share/bash-completion/completions/" + root.Name()
	}
}

func versionCommand(program, version string) *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print the version of the program",
		Long:    "Print the version of the program.",
		Example: "  " + program + " version",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintln(cmd.OutOrStdout(), program, version)
			return err
		},
	}
}

// oneLine returns the text of an error with its lines joined.
func oneLine(err error) string {
	return Plain(strings.Join(strings.FieldsFunc(err.Error(), func(r rune) bool { return r == '\n' || r == '\r' }), "; "))
}

// Plain replaces what could move a terminal's cursor or change its state: text may come from a container.
func Plain(s string) string {
	return strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, s)
}
