package admin

import (
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/etcfiles/etcfiles/pkg/hostsstore"
	"github.com/etcfiles/etcfiles/pkg/inspect"
	"github.com/etcfiles/etcfiles/pkg/roster"
)

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
	ExtraHosts    []string          `json:"extraHosts"`        // name:address
	Kubelet       []string          `json:"kubelet,omitempty"` // lines taken over from its hosts file
	Set           *shownSet         `json:"set,omitempty"`
	Hosts         shownHosts        `json:"hosts"`
	ResolvConf    shownResolvConf   `json:"resolvConf"`
	Processes     []shownProcess    `json:"processes"`
	ProcessesNote string            `json:"processesNote,omitempty"`
}

// shownSet is what etcfiles set has given.
type shownSet struct {
	Name       string   `json:"name,omitempty"`
	Aliases    []string `json:"aliases,omitempty"`
	ExtraHosts []string `json:"extraHosts,omitempty"`
}

func setOf(d *hostsstore.Details) *shownSet {
	if d.Set == nil {
		return nil
	}
	s := &shownSet{Name: d.Set.Name, Aliases: d.Set.Aliases}
	for _, x := range d.Set.ExtraHosts {
		address := "host-gateway"
		if x.Address.IsValid() {
			address = x.Address.String()
		}
		s.ExtraHosts = append(s.ExtraHosts, x.Name+":"+address)
	}
	return s
}

type shownRecord struct {
	Path     string `json:"path"`
	Writer   string `json:"writer"` // etcfiles or nerdctl
	Version  int    `json:"version,omitempty"`
	Boot     string `json:"boot,omitempty"`
	ThisBoot bool   `json:"thisBoot"`
}

type shownNetns struct {
	Path   string             `json:"path"`
	State  inspect.NetnsState `json:"state"`
	Device uint64             `json:"device,omitempty"`
	Inode  uint64             `json:"inode,omitempty"`
}

func netnsOf(i *inspect.Inspected) shownNetns {
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
	Name string           `json:"name"`
	Kind inspect.NameKind `json:"kind"`
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
func describe(m *inspect.Inspector, i *inspect.Inspected, list []*inspect.Inspected) shownContainer {
	s := shownContainer{
		Namespace: i.Namespace, ID: i.Record.ID, Name: i.Name(), Hostname: i.Record.Hostname, Domainname: i.Record.Domainname,
		Record:      shownRecord{Path: m.Dir.Namespace(i.Namespace).RecordPath(i.Record.ID), Writer: "nerdctl"},
		Netns:       netnsOf(i),
		Attachments: []shownAttachment{}, ExtraHosts: []string{}, Processes: []shownProcess{},
	}
	if d := i.Record.Etcfiles; d != nil {
		s.Kubernetes, s.Set = d.KubernetesNamespace, setOf(d)
		s.Record = shownRecord{s.Record.Path, "etcfiles", d.Version, d.BootID, i.State != inspect.NetnsEarlierBoot}
		for _, x := range d.ExtraHosts {
			s.ExtraHosts = append(s.ExtraHosts, x.Name+":"+x.Address.String())
		}
		s.Kubelet = d.Adopted
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
	return s
}

func describeAttachment(i *inspect.Inspected, a *hostsstore.Attachment) shownAttachment {
	s := shownAttachment{
		Network: a.Network, IfName: a.IfName, Since: exact(a.Since), since: a.Since, Addresses: append([]netip.Addr{}, a.Addresses...),
		Names: []shownName{}, Origins: []shownOrigin{}, LeftOut: []shownLeft{},
	}
	for _, name := range roster.AllNames(a) {
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

// processes adds what the container's running processes see.
func (s *shownContainer) processes(sights []*inspect.Sight) {
	for _, at := range sights {
		s.Processes = append(s.Processes, shownProcess{at.PID, at.Command, at.Mounted, at.Trouble, append([]string{}, at.Services...), at.NoFiles})
	}
	if len(sights) == 0 {
		s.ProcessesNote = "no process of a container is seen in the network namespace, so nobody knows what is mounted"
		if os.Geteuid() != 0 {
			s.ProcessesNote += "; run it as root to see those of others"
		}
	}
}
