package inspect

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/etcfiles/etcfiles/pkg/etchosts"
	"github.com/etcfiles/etcfiles/pkg/roster"
)

// Lookup is what a container gets for a name from its hosts file, and why.
type Lookup struct {
	Container string   `json:"container"` // NAMESPACE/ID
	Name      string   `json:"name"`
	Resolves  bool     `json:"resolves"`
	File      string   `json:"file"` // that was read
	Answers   []Answer `json:"answers"`
	Reasons   []Reason `json:"reasons"` // why it does not resolve, or not to all that it could
}

// Answer is an address of a name with the line that gives it.
type Answer struct {
	Address   netip.Addr `json:"address"`
	Line      int        `json:"line,omitempty"` // of the file, from 1
	Source    Source     `json:"source"`
	Container string     `json:"container,omitempty"` // NAMESPACE/ID that the line is of, HOST/ID for FromRemote
	Host      string     `json:"host,omitempty"`      // of FromRemote
	Revision  int64      `json:"revision,omitempty"`  // of FromRemote
	Network   string     `json:"network,omitempty"`
}

// Source says why a line is in a hosts file.
type Source string

// The sources of lines, the first having precedence.
const (
	FromAddress   Source = "address"    // no line: the name is an address itself
	FromLocalhost Source = "localhost"  // every file has them
	FromUser      Source = "user"       // outside of the markers: of the container's user or of baseHostsFile
	FromExtraHost Source = "extra host" // given for this container
	FromKubelet   Source = "kubelet"    // taken over from its file: the pod's FQDN, its hostAliases
	FromSelf      Source = "own"        // the container's own name
	FromPeer      Source = "peer"       // another container on one of its networks
	FromRemote    Source = "remote"     // a container of another host on one of its networks
	FromNobody    Source = "stale"      // between the markers, and no record has it
	FromElsewhere Source = "elsewhere"  // in a file that is not the store's
)

// rank orders sources by precedence.
func (s Source) rank() int {
	return slices.Index([]Source{FromLocalhost, FromUser, FromExtraHost, FromKubelet, FromSelf, FromPeer, FromRemote}, s)
}

// Describe returns words for a line of the source.
func (s Source) Describe() string {
	switch s {
	case FromUser:
		return "the user's own line"
	case FromExtraHost:
		return "an extra host"
	case FromKubelet:
		return "a line of the kubelet"
	case FromSelf:
		return "the container's own line"
	case FromLocalhost:
		return "localhost"
	case FromPeer:
		return "a peer"
	case FromRemote:
		return "a peer on another host"
	case FromNobody:
		return "a stale line"
	}
	return "a line of a file that is not the store's"
}

// Lookup looks a name up in the hosts file of a container as libc does: names are equal whatever their case, and all lines
// count, see hosts(5). all are the containers of the store. When a running process of the container has another /etc/hosts
// than the store's, that one is read.
func (m *Inspector) Lookup(c *Inspected, name string, all []*Inspected) (*Lookup, error) {
	l := &lookup{
		Lookup:  Lookup{Container: c.Ref(), Name: strings.TrimSuffix(name, "."), Answers: []Answer{}, Reasons: []Reason{}},
		manager: m, viewer: c, all: all,
	}
	if addr, err := netip.ParseAddr(l.Name); err == nil {
		l.Answers, l.Resolves = append(l.Answers, Answer{Address: addr, Source: FromAddress}), true
		return &l.Lookup, nil
	}
	l.hosts = m.Hosts(c, all)
	l.File = l.hosts.Path
	sights, done, err := m.Sights(c)
	if err != nil {
		return nil, err
	}
	defer done()
	entries := l.see(sights[0])
	l.candidates = l.wanted()
	for _, e := range entries {
		if !holdsName(e.Names, l.Name) {
			continue
		}
		if len(l.Answers) == maxAnswers {
			l.because(TooMany, nil, "more lines have the name: the first %d are looked at", maxAnswers)
			break
		}
		l.Answers = append(l.Answers, l.explain(e))
	}
	l.stale()
	l.Resolves = len(l.Answers) > 0 && !l.blind
	l.deadSelf()
	l.compare()
	if len(l.Answers) == 0 && !l.known {
		l.search()
	}
	return &l.Lookup, nil
}

type lookup struct {
	Lookup
	manager   *Inspector
	viewer    *Inspected
	all       []*Inspected
	hosts     HostsState
	elsewhere bool // the file that was read is not the store's
	blind     bool // glibc in the container does not read the file
	known     bool // a reason was found

	candidates []candidate // what the records, and other hosts, have for the name
	members    roster.Members
}

// maxAnswers is how many lines with the name are looked at: a container may fill its file.
const maxAnswers = 256

// see chooses the file that the container reads.
func (l *lookup) see(sights []*Sight) []etchosts.Line {
	if len(sights) == 0 {
		return l.hosts.Entries
	}
	s := sights[0]
	for _, other := range sights {
		if other.Mounted {
			s = other
			break
		}
	}
	if s.NoFiles {
		l.blind = true
		l.because(NoFilesInSwitch, nil, "process %d (%s) of the container has %q for hosts in /etc/nsswitch.conf, without files: glibc reads no hosts file there",
			s.PID, s.Command, strings.Join(s.Services, " "))
	}
	if s.Mounted {
		return l.hosts.Entries
	}
	l.elsewhere = true
	l.File = fmt.Sprintf("%s of process %d", hostsPath, s.PID)
	l.because(NotMounted, nil, "the hosts file of the store is not mounted in the container: process %d (%s): %s; see etcfiles show %s",
		s.PID, s.Command, s.Trouble, l.Container)
	data, err := s.hosts()
	if err != nil {
		l.because(UnreadableNotice, nil, "%v", err)
	}
	return etchosts.Examine(l.hosts.marker, string(data)).Entries
}

// explain says why a line with the name is there.
func (l *lookup) explain(e etchosts.Line) Answer {
	a := Answer{Address: e.Address, Line: e.Number}
	switch {
	case l.elsewhere:
		a.Source = FromElsewhere
		return a
	case !e.Ours:
		a.Source = FromUser
		return a
	}
	for _, want := range l.candidates {
		if want.Address == e.Address {
			want.Line = e.Number
			return want.Answer
		}
	}
	a.Source = FromNobody
	return a
}

// candidate is a line that the records make for the name.
type candidate struct {
	Answer
	of *Inspected // a peer
}

// wanted returns what the records have for the name in the container's file, before one takes it from another.
func (l *lookup) wanted() []candidate {
	var out []candidate
	add := func(source Source, addresses []netip.Addr, of *Inspected, network string) {
		for _, addr := range addresses {
			a := Answer{Address: addr, Source: source, Network: network}
			if of != nil {
				a.Container = of.Ref()
			}
			out = append(out, candidate{a, of})
		}
	}
	if holdsName(roster.LoopbackNames()[:2], l.Name) {
		add(FromLocalhost, []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1})}, nil, "")
	}
	if holdsName(roster.LoopbackNames(), l.Name) && !l.viewer.container.NoIPv6Loopback {
		add(FromLocalhost, []netip.Addr{netip.IPv6Loopback()}, nil, "")
	}
	for _, x := range l.viewer.container.ExtraHosts {
		if strings.EqualFold(x.Name, l.Name) {
			add(FromExtraHost, []netip.Addr{x.Address}, nil, "")
		}
	}
	for _, line := range l.viewer.container.Adopted {
		if holdsName(line.Names, l.Name) {
			add(FromKubelet, []netip.Addr{line.Address}, nil, "")
		}
	}
	for i := range l.viewer.Attachments {
		if a := &l.viewer.Attachments[i]; holdsName(roster.AllNames(a), l.Name) {
			add(FromSelf, a.Addresses, l.viewer, a.Network)
		}
	}
	view := &roster.Viewer{Container: l.viewer.container}
	for _, peer := range l.all {
		if peer.Namespace != l.viewer.Namespace || peer == l.viewer {
			continue
		}
		for i := range peer.Attachments {
			a := &peer.Attachments[i]
			if l.viewer.On(a.Network) && holdsName(view.Names(roster.Placed{Container: peer.container, Attachment: a}), l.Name) {
				add(FromPeer, a.Addresses, peer, a.Network)
			}
		}
	}
	return append(out, l.remoteCandidates(view)...)
}

// where says whose a candidate is.
func (c candidate) where() string {
	switch c.Source {
	case FromLocalhost:
		return fmt.Sprintf("%s in every file", c.Address)
	case FromExtraHost:
		return fmt.Sprintf("%s by an extra host", c.Address)
	case FromKubelet:
		return fmt.Sprintf("%s by the kubelet's file", c.Address)
	}
	return fmt.Sprintf("%s on %s (%s)", c.Address, c.Network, c.Container)
}
