package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/cpuguy83/go-md2man/v2/md2man"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// page is what a manual page says besides what the command knows.
type page struct {
	Name     string   // of the page, such as etcfiles
	Section  int      // of the manual: 5 or 8
	Synopsis []string // a line each, of a page that no command makes
	Date     time.Time
	Version  string
	Sections []section // at the end, before SEE ALSO
	SeeAlso  []string  // such as etcfiles-conflist(5), sorted
}

// section is a part of a page.
type section struct {
	Title string // in capital letters
	Items []item
	Text  string // paragraphs before the items
}

// item is an entry of a list.
type item struct{ Term, Text string }

// commandPage returns the page of a program in roff, with a part for each of its commands.
func commandPage(p page, root *cobra.Command) []byte {
	var b strings.Builder
	p.head(&b, strings.ToLower(root.Short[:1])+root.Short[1:])
	fmt.Fprintf(&b, "# SYNOPSIS\n\n**%s** [*flags*] *command* ...\n\n# DESCRIPTION\n\n%s\n\n", root.Name(), escape(root.Long))
	example(&b, root)
	flags(&b, "# OPTIONS\n\nThese are understood by every command.\n\n", root.PersistentFlags())
	b.WriteString("# COMMANDS\n\n")
	for _, cmd := range root.Commands() {
		if !cmd.IsAvailableCommand() || cmd.Name() == "help" || cmd.Name() == "completion" {
			continue
		}
		fmt.Fprintf(&b, "## %s\n\n%s\n\n", escape(cmd.Use), escape(text(cmd)))
		flags(&b, "", cmd.LocalNonPersistentFlags())
		example(&b, cmd)
	}
	fmt.Fprintf(&b, "## completion bash|zsh|fish\n\nPrint a script that completes commands, flags and operands in a shell.\n\n")
	fmt.Fprintf(&b, "    source <(%s completion bash)\n\n", root.Name())
	return p.render(&b)
}

// textPage returns the page of what has no commands, such as a file format, in roff.
func textPage(p page, short, description string) []byte {
	var b strings.Builder
	p.head(&b, short)
	for i, line := range p.Synopsis {
		if i == 0 {
			b.WriteString("# SYNOPSIS\n\n")
		}
		fmt.Fprintf(&b, "**%s**\n\n", escape(line))
	}
	fmt.Fprintf(&b, "# DESCRIPTION\n\n%s\n\n", escape(description))
	return p.render(&b)
}

func (p page) head(b *strings.Builder, short string) {
	fmt.Fprintf(b, "%% %q %q %q %q %q\n\n# NAME\n\n%s - %s\n\n",
		strings.ToUpper(p.Name), fmt.Sprint(p.Section), p.Date.UTC().Format("January 2006"), "etcfiles "+p.Version, "etcfiles", p.Name, escape(short))
}

func (p page) render(b *strings.Builder) []byte {
	for _, s := range p.Sections {
		fmt.Fprintf(b, "# %s\n\n", s.Title)
		if s.Text != "" {
			b.WriteString(escape(s.Text) + "\n\n")
		}
		for _, i := range s.Items {
			fmt.Fprintf(b, "**%s**\n: %s\n\n", escape(i.Term), escape(i.Text))
		}
	}
	if len(p.SeeAlso) > 0 {
		fmt.Fprintf(b, "# SEE ALSO\n\n%s\n", escape(strings.Join(p.SeeAlso, ", ")))
	}
	return md2man.Render([]byte(b.String()))
}

func text(cmd *cobra.Command) string {
	if cmd.Long != "" {
		return cmd.Long
	}
	return cmd.Short + "."
}

func flags(b *strings.Builder, title string, set *pflag.FlagSet) {
	if !set.HasAvailableFlags() {
		return
	}
	b.WriteString(title)
	set.VisitAll(func(f *pflag.Flag) {
		if f.Hidden || f.Name == "help" {
			return
		}
		operand, usage := pflag.UnquoteUsage(f)
		term := "**--" + escape(f.Name) + "**"
		if f.Shorthand != "" {
			term = "**-" + f.Shorthand + "**, " + term
		}
		if operand != "" {
			term += " *" + escape(operand) + "*"
		}
		if d := f.DefValue; d != "" && d != "false" && d != "0" && !strings.Contains(usage, "(default") {
			usage += " (default " + d + ")"
		}
		fmt.Fprintf(b, "%s\n: %s\n\n", term, escape(usage))
	})
}

func example(b *strings.Builder, cmd *cobra.Command) {
	if cmd.Example == "" {
		return
	}
	b.WriteString("Example:\n\n")
	for line := range strings.Lines(cmd.Example) {
		b.WriteString("    " + strings.TrimSpace(line) + "\n")
	}
	b.WriteString("\n")
}

// escape keeps Markdown from reading marks of its own in the text.
func escape(s string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `_`, `\_`, "`", "\\`", `<`, `\<`, `>`, `\>`, `[`, `\[`, `]`, `\]`, `#`, `\#`, `|`, `\|`, `~`, `\~`).Replace(s)
}
