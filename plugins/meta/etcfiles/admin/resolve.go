package admin

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/etcfiles/etcfiles/pkg/cli"
	"github.com/etcfiles/etcfiles/pkg/inspect"
)

func resolveCommand(o *options) *cobra.Command {
	var f format
	cmd := &cobra.Command{
		Use:        "resolve CONTAINER NAME",
		SuggestFor: []string{"lookup", "getent", "dig"},
		Short:      "Say what a container gets for a name, or why it gets nothing",
		Long: `Look a name up in the hosts file of a container as libc does, and print each address with the line that gives it and why
that line is there. If the name does not resolve, or not to all that it could, the reasons follow, one a line. When a
running process of the container has another /etc/hosts than the one of the store, that one is read, and it is said.
DNS is not asked. The answer is no (exit code 1) when the name does not resolve.
` + refHelp,
		Example: `  etcfiles resolve web db
  etcfiles resolve default/0123456789ab db.lab -o json`,
		Args:              cli.Operands("a container", "what to look up"),
		ValidArgsFunction: o.completeResolve,
		RunE: func(cmd *cobra.Command, args []string) error {
			if args[1] == "" {
				return cli.Misuse(cmd, "want a name")
			}
			m := o.manager(cmd)
			_, err := m.Existing(o.namespace)
			if err != nil {
				return err
			}
			all, err := m.Inspect("") // the name may be in another namespace
			if err != nil {
				return err
			}
			c, err := o.findOne(cmd, inspect.InNamespace(all, o.namespace), args[0])
			if err != nil {
				return err
			}
			l, err := m.Lookup(c, args[1], all)
			if err != nil {
				return err
			}
			if f == formatJSON {
				err = printJSON(cmd.OutOrStdout(), l)
			} else {
				err = printLookup(cmd.OutOrStdout(), l)
			}
			if err == nil && !l.Resolves {
				return cli.ErrNo
			}
			return err
		},
	}
	addFormat(cmd, &f)
	return cmd
}

func printLookup(w io.Writer, l *inspect.Lookup) error {
	var b strings.Builder
	switch {
	case l.Resolves && l.Answers[0].Source == inspect.FromAddress:
		fmt.Fprintf(&b, "%s is an address, not a name: it is taken as it is\n", l.Answers[0].Address)
	case len(l.Answers) > 0:
		var rows [][]cell
		for _, a := range l.Answers {
			rows = append(rows, []cell{{text: a.Address.String()}, {text: strconv.Itoa(a.Line)}, {text: why(a), bad: a.Source == inspect.FromNobody}})
		}
		fmt.Fprintf(&b, "%s in %s, by %s:\n", cli.Plain(l.Name), l.Container, l.File)
		if err := printTable(&b, []string{"ADDRESS", "LINE", "WHY"}, rows); err != nil {
			return err
		}
		if !l.Resolves {
			b.WriteString("but it does not resolve:\n")
		}
	default:
		fmt.Fprintf(&b, "%s does not resolve in %s, by %s:\n", cli.Plain(l.Name), l.Container, l.File)
	}
	for _, r := range l.Reasons {
		fmt.Fprintf(&b, "- %s\n", cli.Plain(r.Text))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// why says why a line is there.
func why(a inspect.Answer) string {
	switch a.Source {
	case inspect.FromSelf:
		return "the container's own line, on network " + a.Network
	case inspect.FromPeer:
		return a.Container + " on network " + a.Network
	case inspect.FromRemote:
		return fmt.Sprintf("remote, on host %s (%s), revision %d, on network %s", a.Host, a.Container, a.Revision, a.Network)
	case inspect.FromUser:
		return "the user's own line, or one of baseHostsFile"
	}
	return a.Source.Describe()
}
