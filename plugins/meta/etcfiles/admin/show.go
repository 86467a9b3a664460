package admin

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/etcfiles/etcfiles/pkg/cli"
	"github.com/etcfiles/etcfiles/pkg/inspect"
)

func showCommand(o *options) *cobra.Command {
	var f format
	cmd := &cobra.Command{
		Use:        "show CONTAINER",
		SuggestFor: []string{"inspect", "info"},
		Short:      "Show all that is known of a container",
		Long: `Show all that is known of a container: its networks, addresses and names, where each value came from, which names were left
out and why, its network namespace, its files with what the user has done to them, and whether its running processes
really have the hosts file of the store mounted. When several containers are meant, all of them are shown. It takes no
lock and writes nothing. The answer is no (exit code 1) when no container is meant.
` + refHelp,
		Example: `  etcfiles show web
  etcfiles show default/0123456789ab -o json`,
		Args:              cli.Operands("a container"),
		ValidArgsFunction: o.completeContainer,
		RunE: func(cmd *cobra.Command, args []string) error {
			list, err := o.manager(cmd).Inspect(o.namespace)
			if err != nil {
				return err
			}
			found := find(list, args[0])
			if len(found) == 0 {
				return o.unknown(cmd, args[0])
			}
			m := o.manager(cmd)
			sights, done, err := m.Sights(found...)
			if err != nil {
				return err
			}
			defer done()
			shown := make([]shownContainer, len(found))
			for n, i := range found {
				shown[n] = describe(m, i, list)
				shown[n].processes(sights[n])
			}
			if f == formatJSON {
				return printJSON(cmd.OutOrStdout(), shown)
			}
			for n := range shown {
				if n > 0 {
					fmt.Fprintln(cmd.OutOrStdout())
				}
				if err := printShown(cmd.OutOrStdout(), &shown[n]); err != nil {
					return err
				}
			}
			return nil
		},
	}
	addFormat(cmd, &f)
	return cmd
}

// sheet collects lines of a key and a value.
type sheet struct{ strings.Builder }

func (p *sheet) row(key, format string, args ...any) {
	fmt.Fprintf(p, "  %-14s %s\n", key, cli.Plain(fmt.Sprintf(format, args...)))
}

func printShown(w io.Writer, s *shownContainer) error {
	p := &sheet{}
	fmt.Fprintf(p, "%s\n", cli.Plain(s.Namespace+"/"+s.ID))
	p.row("name", "%s", s.Name)
	p.row("hostname", "%s", cmp.Or(s.Hostname, "-"))
	p.row("domain name", "%s", cmp.Or(s.Domainname, "-"))
	if s.Kubernetes != "" {
		p.row("kubernetes", "namespace %s", s.Kubernetes)
	}
	for i := range s.Attachments {
		p.attached(&s.Attachments[i])
	}
	if len(s.Attachments) == 0 && s.Record.Writer == "etcfiles" {
		p.row("network", "none: it has left the last one, and has its files for as long as a process lives in its network namespace")
	}
	if len(s.ExtraHosts) > 0 {
		p.row("extra hosts", "%s", strings.Join(s.ExtraHosts, ", "))
	}
	for _, line := range s.Kubelet {
		p.row("kubelet", "%s", line)
	}
	if s.Set != nil {
		p.row("set", "%s", strings.Join(s.Set.words(), ", "))
	}
	p.netns(s)
	p.files(s)
	p.processes(s)
	_, err := io.WriteString(w, p.String())
	return err
}

func (p *sheet) attached(a *shownAttachment) {
	p.row("network", "%s: %s on interface %s, since %s (%s)", a.Network, cmp.Or(join(a.Addresses), "no address"), a.IfName, cmp.Or(a.Since, "-"), ago(time.Now(), a.since))
	var names []string
	for _, n := range a.Names {
		if n.Kind != inspect.OwnName {
			n.Name += " (" + string(n.Kind) + ")"
		}
		names = append(names, n.Name)
	}
	p.row("  names", "%s", cmp.Or(strings.Join(names, ", "), "-"))
	for _, from := range a.Origins {
		p.row("  "+from.Key, "%s, from %s", from.Value, from.From)
	}
	for _, left := range a.LeftOut {
		p.row("  left out", "%s: %s", left.Name, left.Why)
	}
}

// words says what was set.
func (s *shownSet) words() []string {
	var out []string
	if s.Name != "" {
		out = append(out, "name "+s.Name)
	}
	for _, alias := range s.Aliases {
		out = append(out, "alias "+alias)
	}
	for _, x := range s.ExtraHosts {
		out = append(out, "extra host "+x)
	}
	return out
}

func (p *sheet) netns(s *shownContainer) {
	state := string(s.Netns.State)
	if s.Netns.State.Dead() {
		state += ": etcfiles prune removes the container"
	}
	p.row("netns", "%s: %s", cmp.Or(s.Netns.Path, "-"), state)
	boot := "of nerdctl"
	if s.Record.Writer == "etcfiles" {
		boot = fmt.Sprintf("version %d, boot %s", s.Record.Version, s.Record.Boot)
		if s.Record.ThisBoot {
			boot += " (this one)"
		}
	}
	p.row("record", "%s: %s", s.Record.Path, boot)
}

func (p *sheet) files(s *shownContainer) {
	if s.Hosts.Trouble != "" {
		p.row("hosts", "%s: %s", s.Hosts.Path, s.Hosts.Trouble)
	} else {
		p.row("hosts", "%s: %d bytes, %d lines", s.Hosts.Path, s.Hosts.Size, s.Hosts.Lines)
	}
	for _, line := range s.Hosts.User {
		p.row("  user's line", "%s", line)
	}
	r := s.ResolvConf
	switch {
	case r.Trouble != "":
		p.row("resolv.conf", "%s: %s", r.Path, r.Trouble)
	case s.Record.Writer == "nerdctl":
		p.row("resolv.conf", "%s", r.Path)
	case r.Edited:
		p.row("resolv.conf", "%s: not as etcfiles wrote it, the user or the engine has edited it", r.Path)
	case r.Inherited:
		p.row("resolv.conf", "%s: as etcfiles wrote it, in part from the host", r.Path)
	default:
		p.row("resolv.conf", "%s: as etcfiles wrote it", r.Path)
	}
	for _, line := range r.Lines {
		p.row("", "%s", line)
	}
}

func (p *sheet) processes(s *shownContainer) {
	if s.ProcessesNote != "" {
		p.row("mounted", "%s", s.ProcessesNote)
	}
	for _, at := range s.Processes {
		if at.Mounted {
			p.row("mounted", "yes, in process %d (%s)", at.PID, at.Command)
		} else {
			p.row("mounted", "NO, in process %d (%s): %s", at.PID, at.Command, at.Trouble)
		}
		if at.NoFiles {
			p.row("  nsswitch", "hosts: %s lacks files, so glibc does not read /etc/hosts", strings.Join(at.Services, " "))
		}
	}
}
