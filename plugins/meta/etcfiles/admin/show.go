package admin

import (
	"cmp"
	"fmt"
	"io"
	"net/netip"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/etcfiles/etcfiles/pkg/cli"
	"github.com/etcfiles/etcfiles/pkg/etcfiles"
	"github.com/etcfiles/etcfiles/pkg/hostsstore"
)

func showCommand(o *options) *cobra.Command {
	var f format
	cmd := &cobra.Command{
		Use:   "show CONTAINER",
		Short: "Show all that is known of a container",
		Long: `Show all that is known of a container: its networks, addresses and names, where each value came from, which names were left
out and why, its network namespace, its files with what the user has done to them, and whether its running processes
really have the hosts file of the store mounted. When several containers are meant, all of them are shown. It takes no
lock and writes nothing. The answer is no (exit code 1) when no container is meant.
` + refHelp,
		Example: `  etcfiles show web
  etcfiles show default/0123456789ab -o json`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: o.completeContainer,
		RunE: func(cmd *cobra.Command, args []string) error {
			list, err := o.inspect(cmd, o.namespace)
			if err != nil {
				return err
			}
			found := find(list, args[0])
			if len(found) == 0 {
				return o.unknown(cmd, args[0])
			}
			m := o.manager(cmd)
			shown := make([]shownContainer, len(found))
			for n, i := range found {
				if shown[n], err = describe(m, i, list); err != nil {
					return err
				}
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

// shownContainer is what show prints of a container.
type shownContainer struct {
	Namespace     string            `json:"namespace"`
	ID            string            `json:"id"`
	Name          string            `json:"name"`
	Hostname      string            `json:"hostname"`
	Domainname    string            `json:"domainname"`
	Kubernetes    string            `json:"kubernetesNamespace"`
	Record        shownRecord       `json:"record"`
	Netns         shownNetns        `json:"netns"`
	Attachments   []shownAttachment `json:"attachments"`
	ExtraHosts    []string          `json:"extraHosts"` // name:address
	Hosts         shownHosts        `json:"hosts"`
	ResolvConf    shownResolvConf   `json:"resolvConf"`
	Processes     []shownProcess    `json:"processes"`
	ProcessesNote string            `json:"processesNote,omitempty"`
}

type shownRecord struct {
	Path     string `json:"path"`
	Writer   string `json:"writer"` // etcfiles or nerdctl
	Version  int    `json:"version,omitempty"`
	Boot     string `json:"boot,omitempty"`
	ThisBoot bool   `json:"thisBoot"`
}

type shownNetns struct {
	Path   string              `json:"path"`
	State  etcfiles.NetnsState `json:"state"`
	Device uint64              `json:"device,omitempty"`
	Inode  uint64              `json:"inode,omitempty"`
}

func netnsOf(i *etcfiles.Inspected) shownNetns {
	n := shownNetns{State: i.State}
	if d := i.Record.Etcfiles; d != nil {
		n.Path, n.Device, n.Inode = d.Netns.Path, d.Netns.Device, d.Netns.Inode
	}
	return n
}

type shownAttachment struct {
	Network   string        `json:"network"`
	IfName    string        `json:"ifName"`
	Since     string        `json:"since"`
	Addresses []netip.Addr  `json:"addresses"`
	Names     []shownName   `json:"names"`
	Origins   []shownOrigin `json:"origins"`
	LeftOut   []shownLeft   `json:"leftOut"`

	since time.Time
}

type shownName struct {
	Name string            `json:"name"`
	Kind etcfiles.NameKind `json:"kind"`
}

type shownOrigin struct {
	Key   string `json:"key"`
	Value string `json:"value"`
	From  string `json:"from"`
}

type shownLeft struct {
	Name string `json:"name"`
	Why  string `json:"why"`
}

type shownHosts struct {
	Path    string   `json:"path"`
	Size    int64    `json:"size"`
	Lines   int      `json:"lines"`
	Trouble string   `json:"trouble"`
	User    []string `json:"userLines"`
}

type shownResolvConf struct {
	Path      string   `json:"path"`
	Lines     []string `json:"lines"`
	Inherited bool     `json:"inherited"`
	Edited    bool     `json:"edited"`
	Trouble   string   `json:"trouble"`
}

type shownProcess struct {
	PID      int      `json:"pid"`
	Command  string   `json:"command"`
	Mounted  bool     `json:"mounted"`
	Trouble  string   `json:"trouble"`
	Services []string `json:"nsswitchHosts"`
	NoFiles  bool     `json:"nsswitchLacksFiles"`
}

// What is shown of a file that a container may have filled.
const (
	maxShown = 64  // lines
	maxWidth = 512 // bytes of a line
)

// excerpt cuts lines of a file to what is shown.
func excerpt(lines []string) []string {
	out := []string{}
	for _, line := range lines[:min(len(lines), maxShown)] {
		line = strings.TrimSuffix(line, "\n")
		if len(line) > maxWidth {
			line = strings.ToValidUTF8(line[:maxWidth], "") + "…"
		}
		out = append(out, line)
	}
	if more := len(lines) - maxShown; more > 0 {
		out = append(out, fmt.Sprintf("… and %d more lines", more))
	}
	return out
}

// describe gathers what is known of a container of the list.
func describe(m *etcfiles.Manager, i *etcfiles.Inspected, list []*etcfiles.Inspected) (shownContainer, error) {
	s := shownContainer{
		Namespace: i.Namespace, ID: i.Record.ID, Name: i.Name(), Hostname: i.Record.Hostname, Domainname: i.Record.Domainname,
		Record:      shownRecord{Path: m.Dir.Namespace(i.Namespace).RecordPath(i.Record.ID), Writer: "nerdctl"},
		Netns:       netnsOf(i),
		Attachments: []shownAttachment{}, ExtraHosts: []string{}, Processes: []shownProcess{},
	}
	if d := i.Record.Etcfiles; d != nil {
		s.Kubernetes = d.KubernetesNamespace
		s.Record = shownRecord{s.Record.Path, "etcfiles", d.Version, d.BootID, i.State != etcfiles.NetnsEarlierBoot}
		for _, x := range d.ExtraHosts {
			s.ExtraHosts = append(s.ExtraHosts, x.Name+":"+x.Address.String())
		}
	} else {
		for name, address := range i.Record.ExtraHosts {
			s.ExtraHosts = append(s.ExtraHosts, name+":"+address)
		}
		slices.Sort(s.ExtraHosts)
	}
	for _, a := range i.Attachments {
		s.Attachments = append(s.Attachments, describeAttachment(i, &a))
	}
	h := m.Hosts(i, list)
	s.Hosts = shownHosts{h.Path, h.Size, h.Lines, h.Trouble, excerpt(h.User)}
	r := m.ResolvConf(i)
	s.ResolvConf = shownResolvConf{r.Path, excerpt(slices.Collect(strings.Lines(string(r.Content)))), r.Inherited, r.Edited, r.Trouble}
	return s, s.lookInside(m, i)
}

func describeAttachment(i *etcfiles.Inspected, a *hostsstore.Attachment) shownAttachment {
	s := shownAttachment{
		Network: a.Network, IfName: a.IfName, Since: exact(a.Since), since: a.Since, Addresses: append([]netip.Addr{}, a.Addresses...),
		Names: []shownName{}, Origins: []shownOrigin{}, LeftOut: []shownLeft{},
	}
	for _, name := range etcfiles.AllNames(a) {
		s.Names = append(s.Names, shownName{name, i.Kind(name)})
	}
	for _, from := range a.Origins {
		s.Origins = append(s.Origins, shownOrigin(from))
	}
	for _, left := range a.Refused {
		s.LeftOut = append(s.LeftOut, shownLeft(left))
	}
	return s
}

// lookInside looks at the container's running processes.
func (s *shownContainer) lookInside(m *etcfiles.Manager, i *etcfiles.Inspected) error {
	sights, done, err := m.Sights(i)
	if err != nil {
		return err
	}
	defer done()
	for _, at := range sights {
		s.Processes = append(s.Processes, shownProcess{at.PID, at.Command, at.Mounted, at.Trouble, append([]string{}, at.Services...), at.NoFiles})
	}
	if len(sights) == 0 {
		s.ProcessesNote = "no process of a container is seen in the network namespace, so nobody knows what is mounted"
		if os.Geteuid() != 0 {
			s.ProcessesNote += "; run it as root to see those of others"
		}
	}
	return nil
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
	if len(s.ExtraHosts) > 0 {
		p.row("extra hosts", "%s", strings.Join(s.ExtraHosts, ", "))
	}
	p.netns(s)
	p.files(s)
	p.processes(s)
	_, err := io.WriteString(w, p.String())
	return err
}

func (p *sheet) attached(a *shownAttachment) {
	p.row("network", "%s: %s on interface %s, since %s (%s)", a.Network, join(a.Addresses), a.IfName, cmp.Or(a.Since, "-"), ago(time.Now(), a.since))
	var names []string
	for _, n := range a.Names {
		if n.Kind != etcfiles.OwnName {
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

func (p *sheet) netns(s *shownContainer) {
	state := string(s.Netns.State)
	if s.Netns.State.Dead() {
		state += ": the next operation removes the container"
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
