package etcfiles

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/etcfiles/etcfiles/pkg/etchosts"
	"github.com/etcfiles/etcfiles/pkg/names"
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
	Container string     `json:"container,omitempty"` // NAMESPACE/ID that the line is of
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
	FromSelf      Source = "own"        // the container's own name
	FromPeer      Source = "peer"       // another container on one of its networks
	FromNobody    Source = "stale"      // between the markers, and no record has it
	FromElsewhere Source = "elsewhere"  // in a file that is not the store's
)

// rank orders sources by precedence.
func (s Source) rank() int {
	return slices.Index([]Source{FromLocalhost, FromUser, FromExtraHost, FromSelf, FromPeer}, s)
}

// Reason is one reason why a name does not resolve as somebody may want.
type Reason struct {
	Code      Code     `json:"reason"`
	Text      string   `json:"text"`                // one plain line
	Container string   `json:"container,omitempty"` // NAMESPACE/ID that it is about
	Networks  []string `json:"networks,omitempty"`  // of that container
}

// Code tells reasons apart.
type Code string

// The reasons.
const (
	OverriddenBy     Code = "overridden"
	OtherNetwork     Code = "other-network"
	OtherNamespace   Code = "other-namespace"
	OtherKubernetes  Code = "other-kubernetes-namespace"
	LeftOut          Code = "left-out"
	NotUsable        Code = "not-a-host-name"
	DottedAlias      Code = "dotted-alias"
	Departed         Code = "departed"
	DeadPeer         Code = "netns-gone"
	DeadPeerBoot     Code = "earlier-boot"
	Nobody           Code = "nobody"
	StaleFile        Code = "stale-file"
	StaleLine        Code = "stale-line"
	TooMany          Code = "too-many"
	NotMounted       Code = "not-mounted"
	NoFilesInSwitch  Code = "nsswitch"
	ContainerIsDead  Code = "container-gone"
	UnreadableNotice Code = "unreadable"
)

// Lookup looks a name up in the hosts file of a container as libc does: names are equal whatever their case, and all lines
// count, see hosts(5). all are the containers of the store. When a running process of the container has another /etc/hosts
// than the store's, that one is read.
func (m *Manager) Lookup(c *Inspected, name string, all []*Inspected) (*Lookup, error) {
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
	entries := l.see(sights)
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
	manager   *Manager
	viewer    *Inspected
	all       []*Inspected
	hosts     HostsState
	elsewhere bool // the file that was read is not the store's
	blind     bool // glibc in the container does not read the file
	known     bool // a reason was found

	candidates []candidate // what the records have for the name
}

// maxAnswers is how many lines with the name are looked at: a container may fill its file.
const maxAnswers = 256

func (l *lookup) because(code Code, about *Inspected, format string, args ...any) {
	r := Reason{Code: code, Text: fmt.Sprintf(format, args...)}
	if about != nil {
		r.Container, r.Networks = about.Ref(), networksOf(about)
	}
	if !slices.ContainsFunc(l.Reasons, func(old Reason) bool { return old.Text == r.Text }) {
		l.Reasons = append(l.Reasons, r)
	}
}

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
	l.File = fmt.Sprintf("%s of process %d", HostsPath, s.PID)
	l.because(NotMounted, nil, "the hosts file of the store is not mounted in the container: process %d (%s): %s; see etcfiles show %s",
		s.PID, s.Command, s.Trouble, l.Container)
	data, err := s.Hosts()
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

// stale says which lines are of nobody.
func (l *lookup) stale() {
	first, more := 0, 0
	for _, a := range l.Answers {
		switch {
		case a.Source != FromNobody:
		case first == 0:
			first = a.Line
		default:
			more++
		}
	}
	switch {
	case more > 0:
		l.because(StaleLine, nil, "line %d and %d more are stale, no record of a container has them: run `etcfiles check --repair`", first, more)
	case first > 0:
		l.because(StaleLine, nil, "line %d is stale, no record of a container has it: run `etcfiles check --repair`", first)
	}
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
	if holdsName(loopbackNames[:2], l.Name) {
		add(FromLocalhost, []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1})}, nil, "")
	}
	if holdsName(loopbackNames, l.Name) && !l.viewer.container.NoIPv6Loopback {
		add(FromLocalhost, []netip.Addr{netip.IPv6Loopback()}, nil, "")
	}
	for _, x := range l.viewer.container.ExtraHosts {
		if strings.EqualFold(x.Name, l.Name) {
			add(FromExtraHost, []netip.Addr{x.Address}, nil, "")
		}
	}
	for i := range l.viewer.Attachments {
		if a := &l.viewer.Attachments[i]; holdsName(AllNames(a), l.Name) {
			add(FromSelf, a.Addresses, l.viewer, a.Network)
		}
	}
	view := &viewer{container: l.viewer.container}
	for _, peer := range l.all {
		if peer.Namespace != l.viewer.Namespace || peer == l.viewer {
			continue
		}
		for i := range peer.Attachments {
			a := &peer.Attachments[i]
			if l.viewer.On(a.Network) && holdsName(view.names(placed{peer.container, a}), l.Name) {
				add(FromPeer, a.Addresses, peer, a.Network)
			}
		}
	}
	return out
}

func (l *lookup) deadSelf() {
	switch l.viewer.State {
	case NetnsGone:
		l.because(ContainerIsDead, l.viewer, "%s itself is gone with its network namespace %s: the next operation removes it", l.Container, l.viewer.container.Netns.Path)
	case NetnsEarlierBoot:
		l.because(ContainerIsDead, l.viewer, "%s itself is of an earlier boot: the next operation removes it", l.Container)
	}
}

// compare says what the records have for the name and the file has not.
func (l *lookup) compare() {
	for _, want := range l.candidates {
		listed := slices.ContainsFunc(l.Answers, func(a Answer) bool { return a.Address == want.Address })
		above := slices.IndexFunc(l.Answers, func(a Answer) bool { return a.Source.rank() >= 0 && a.Source.rank() < want.Source.rank() })
		switch {
		case want.of != nil && want.of.Dead():
			l.known = true
			l.dead(want.of, want.Network)
		case listed || l.elsewhere:
			l.known = true
		case above >= 0:
			l.known = true
			by := l.Answers[above]
			l.because(OverriddenBy, want.of, "overridden by line %d, %s: %s is %s", by.Line, by.Source.Describe(), l.Name, want.where())
		default:
			l.known = true
			l.because(StaleFile, want.of, "%s is %s, and the hosts file lacks it: %s; run `etcfiles check --repair`", l.Name, want.where(), l.trouble())
		}
	}
}

// where says whose a candidate is.
func (c candidate) where() string {
	switch c.Source {
	case FromLocalhost:
		return fmt.Sprintf("%s in every file", c.Address)
	case FromExtraHost:
		return fmt.Sprintf("%s by an extra host", c.Address)
	}
	return fmt.Sprintf("%s on %s (%s)", c.Address, c.Network, c.Container)
}

// Describe returns words for a line of the source.
func (s Source) Describe() string {
	switch s {
	case FromUser:
		return "the user's own line"
	case FromExtraHost:
		return "an extra host"
	case FromSelf:
		return "the container's own line"
	case FromLocalhost:
		return "localhost"
	case FromPeer:
		return "a peer"
	case FromNobody:
		return "a stale line"
	}
	return "a line of a file that is not the store's"
}

// trouble says why the file may lack what the records have.
func (l *lookup) trouble() string {
	if l.hosts.Trouble != "" {
		return l.hosts.Trouble
	}
	if _, err := l.manager.Dir.Namespace(l.viewer.Namespace).StatIndex(); err != nil {
		return "an operation is running, or was killed and the next one makes up for it"
	}
	return "somebody has changed it"
}

func (l *lookup) dead(peer *Inspected, network string) {
	if peer.State == NetnsEarlierBoot {
		l.because(DeadPeerBoot, peer, "%s has the name on %s, and its record is of an earlier boot: the next operation removes it", peer.Ref(), network)
		return
	}
	l.because(DeadPeer, peer, "%s has the name on %s, and its network namespace %s is gone: the next operation removes it", peer.Ref(), network, peer.container.Netns.Path)
}

// search looks for the name where the container does not see it.
func (l *lookup) search() {
	for _, other := range l.all {
		l.refused(other)
		if other == l.viewer || !other.Has(l.Name) {
			continue
		}
		switch {
		case other.Namespace != l.viewer.Namespace:
			l.because(OtherNamespace, other, "%s has the name in namespace %s; %s is in %s, and containers see each other within one namespace",
				other.Ref(), other.Namespace, l.Container, l.viewer.Namespace)
		case other.Dead():
			l.dead(other, strings.Join(networksOf(other), ", "))
		case !slices.ContainsFunc(networksOf(other), l.viewer.On):
			l.because(OtherNetwork, other, "%s has the name and shares no network: it is on %s, %s is on %s",
				other.Ref(), strings.Join(networksOf(other), ", "), l.Container, strings.Join(networksOf(l.viewer), ", "))
		default:
			l.otherName(other)
		}
	}
	for _, gone := range slices.Backward(l.manager.Departed(l.viewer.Namespace)) {
		if holdsName(gone.Names, l.Name) {
			l.because(Departed, nil, "%s/%s had the name on %s and is gone since %s: %s", l.viewer.Namespace, gone.ID, gone.Network, gone.When.UTC().Format(time.RFC3339), gone.Why)
		}
	}
	l.unusable()
}

// otherName is about a container that shares a network and is not seen there by the name.
func (l *lookup) otherName(other *Inspected) {
	k := other.container.Kubernetes
	for i := range other.Attachments {
		a := &other.Attachments[i]
		switch {
		case !holdsName(AllNames(a), l.Name):
		case !l.viewer.On(a.Network):
			l.because(OtherNetwork, other, "%s has the name on %s only, and %s is on %s",
				other.Ref(), a.Network, l.Container, strings.Join(networksOf(l.viewer), ", "))
		case k != "" && k != l.viewer.container.Kubernetes:
			hint := "it has no name there that others see"
			if len(a.Qualified) > 0 {
				hint = "from here it is " + a.Qualified[0]
			}
			l.because(OtherKubernetes, other, "%s has the name in the Kubernetes namespace %s: %s", other.Ref(), k, hint)
		default:
			l.because(OtherNetwork, other, "%s has the name in its own file only", other.Ref())
		}
	}
}

// refused is about a container that asked for the name in vain.
func (l *lookup) refused(other *Inspected) {
	for _, a := range other.Attachments {
		for _, r := range a.Refused {
			if strings.EqualFold(strings.TrimSuffix(r.Name, "."), l.Name) {
				l.because(LeftOut, other, "%s asked for the name on %s, and it is left out: %s", other.Ref(), a.Network, r.Why)
			}
		}
	}
}

// unusable says what is to be said of the name itself.
func (l *lookup) unusable() {
	if _, err := names.Parse(l.Name); err != nil {
		l.because(NotUsable, nil, "no container can have it: %v", err)
		return
	}
	if len(l.Reasons) > 0 && !slices.ContainsFunc(l.Reasons, func(r Reason) bool { return r.Code == ContainerIsDead }) {
		return
	}
	l.because(Nobody, nil, "nobody has the name: no container of the store at %s, no extra host of %s, no line of its own", l.manager.Dir, l.Container)
	if strings.Contains(l.Name, ".") {
		l.because(DottedAlias, nil, "a name with a dot that is to be an alias needs allowQualifiedAliases in the conflist: without it the ADD is refused")
	}
}

func networksOf(i *Inspected) []string {
	var out []string
	for _, a := range i.Attachments {
		if !slices.Contains(out, a.Network) {
			out = append(out, a.Network)
		}
	}
	return out
}
