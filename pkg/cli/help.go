package cli

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// width is how many columns a line of --help has at most, but for examples and what is indented in a Long.
const width = 100

// fit has --help of a command and of those below it break lines where they are too long: cobra prints a Long as it is, and the usage of a flag as
// one line. It is done when somebody asks: a hook starts for every container.
func fit(root *cobra.Command) {
	help := root.HelpFunc()
	root.SetHelpFunc(func(cmd *cobra.Command, args []string) {
		out, long := cmd.OutOrStdout(), cmd.Long
		cmd.Long = fill(long)
		defer func() { cmd.Long = long }()
		var text bytes.Buffer
		cmd.SetOut(&text)
		help(cmd, args)
		if cmd.SetOut(out); cmd.HasParent() {
			cmd.SetOut(nil) // the parent's
		}
		var fitting strings.Builder
		for line := range strings.Lines(text.String()) {
			fitting.WriteString(fitFlag(line))
		}
		_, _ = io.WriteString(out, fitting.String()) // as cobra does: whoever reads it may have gone
	})
}

// fill breaks each paragraph of a text anew; one that is indented, or has an indented line, stays as it is.
func fill(text string) string {
	paragraphs := strings.Split(text, "\n\n")
	for i, p := range paragraphs {
		if !strings.HasPrefix(p, " ") && !strings.Contains(p, "\n ") {
			paragraphs[i] = broken(strings.Fields(p), 0)
		}
	}
	return strings.Join(paragraphs, "\n\n")
}

// fitFlag breaks the line of a flag, of which what it means stands in a column behind three blanks or more.
func fitFlag(line string) string {
	trimmed := strings.TrimLeft(line, " ")
	flag, usage, ok := strings.Cut(trimmed, "   ")
	if len(line) <= width || trimmed == line || !strings.HasPrefix(trimmed, "-") || !ok {
		return line
	}
	usage = strings.TrimLeft(usage, " ")
	column := len(line) - len(usage)
	return fmt.Sprintf("%-*s%s\n", column, line[:len(line)-len(trimmed)]+flag, broken(strings.Fields(usage), column))
}

// broken returns words in lines, of which those behind the first begin in a column, where the first begins too.
func broken(words []string, column int) string {
	var b strings.Builder
	at := column
	for i, word := range words {
		switch n := len([]rune(word)); {
		case i == 0:
			at += n
		case at+1+n > width:
			b.WriteString("\n" + strings.Repeat(" ", column))
			at = column + n
		default:
			b.WriteByte(' ')
			at += 1 + n
		}
		b.WriteString(word)
	}
	return b.String()
}

// addHelp adds the command help, to which a command that does not exist is an error of the command line as it is elsewhere.
func addHelp(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	for _, c := range root.Commands() {
		if c.Name() != "help" {
			continue
		}
		c.Short, c.Long = "Print the help of a command", "Print what --help prints of a command."
		c.Example = "  " + root.Name() + " help version"
		c.Args = func(_ *cobra.Command, args []string) error {
			cmd, rest, err := root.Find(args)
			if err == nil && len(rest) > 0 {
				err = suggested(cmd, fmt.Errorf("unknown command %q for %q", rest[0], cmd.CommandPath()), rest[0])
			}
			return err
		}
	}
}
