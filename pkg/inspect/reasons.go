package inspect

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/etcfiles/etcfiles/pkg/names"
	"github.com/etcfiles/etcfiles/pkg/roster"
)

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
	PodNames         Code = "pod-names"
	LeftOut          Code = "left-out"
	NotUsable        Code = "not-a-host-name"
	DottedAlias      Code = "dotted-alias"
	Departed         Code = "departed"
	DeadPeer         Code = "netns-gone"
	DeadPeerBoot     Code = "earlier-boot"
	NetworkOnly      Code = "network-only"
	AddressTaken     Code = "address-taken"
	Nobody           Code = "nobody"
	StaleFile        Code = "stale-file"
	StaleLine        Code = "stale-line"
	TooMany          Code = "too-many"
	NotMounted       Code = "not-mounted"
	NoFilesInSwitch  Code = "nsswitch"
	ContainerIsDead  Code = "container-gone"
	UnreadableNotice Code = "unreadable"
)

// because adds a reason, each text once. about is the container that it is about, nil for none.
func (l *lookup) because(code Code, about *Inspected, format string, args ...any) {
	r := Reason{Code: code, Text: fmt.Sprintf(format, args...)}
	if about != nil {
		r.Container, r.Networks = about.Ref(), networksOf(about)
	}
	if !slices.ContainsFunc(l.Reasons, func(old Reason) bool { return old.Text == r.Text }) {
		l.Reasons = append(l.Reasons, r)
	}
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

func (l *lookup) deadSelf() {
	switch l.viewer.State {
	case NetnsGone:
		l.because(ContainerIsDead, l.viewer, "%s itself is gone with its network namespace %s: run `etcfiles prune`", l.Container, l.viewer.container.Netns.Path)
	case NetnsEarlierBoot:
		l.because(ContainerIsDead, l.viewer, "%s itself is of an earlier boot: run `etcfiles prune`", l.Container)
	}
}

// compare says what the records have for the name and the file has not.
func (l *lookup) compare() {
	for _, want := range l.candidates {
		listed := slices.ContainsFunc(l.Answers, func(a Answer) bool { return a.Address == want.Address })
		above := slices.IndexFunc(l.Answers, func(a Answer) bool { return a.Source.rank() >= 0 && a.Source.rank() < want.Source.rank() })
		switch {
		case want.of != nil && want.of.dead():
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
		l.because(DeadPeerBoot, peer, "%s has the name on %s, and its record is of an earlier boot: run `etcfiles prune`", peer.Ref(), network)
		return
	}
	l.because(DeadPeer, peer, "%s has the name on %s, and its network namespace %s is gone: run `etcfiles prune`", peer.Ref(), network, peer.container.Netns.Path)
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
		case other.dead():
			l.dead(other, strings.Join(networksOf(other), ", "))
		case !slices.ContainsFunc(networksOf(other), l.viewer.On):
			l.because(OtherNetwork, other, "%s has the name and shares no network: it is on %s, %s is on %s",
				other.Ref(), strings.Join(networksOf(other), ", "), l.Container, strings.Join(networksOf(l.viewer), ", "))
		default:
			l.otherName(other)
		}
	}
	l.searchRemote()
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
		hint := "it has no name there that others see"
		if len(a.Qualified) > 0 {
			hint = "from here it is " + a.Qualified[0]
		}
		switch {
		case !holdsName(roster.AllNames(a), l.Name):
		case !l.viewer.On(a.Network):
			l.because(OtherNetwork, other, "%s has the name on %s only, and %s is on %s",
				other.Ref(), a.Network, l.Container, strings.Join(networksOf(l.viewer), ", "))
		case k != "" && k != l.viewer.container.Kubernetes:
			l.because(OtherKubernetes, other, "%s has the name in the Kubernetes namespace %s: %s", other.Ref(), k, hint)
		case len(a.Own) > 0:
			l.because(PodNames, other, "%s is a pod that others do not see by the name, which may be that of a Service: %s; see podNames of the conflist", other.Ref(), hint)
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
