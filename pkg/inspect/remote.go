package inspect

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/etcfiles/etcfiles/pkg/hostsstore"
	"github.com/etcfiles/etcfiles/pkg/roster"
)

// Remote is a peer on another host, as the store has it.
type Remote struct {
	Namespace   string
	Network     string
	Host        string
	ID          string // of the container there; "" where only its names are known
	IfName      string
	Revision    int64
	NetworkOnly bool // it is listed in the hosts file of the network, and in no container's
	Addresses   []netip.Addr
	Names       []string
}

// Remote lists the peers on other hosts of a namespace, or of all for "", by namespace and network and in the order of the hosts files.
// The error is one of Existing. What cannot be read goes to Warnf and is left out.
func (m *Inspector) Remote(namespace string) ([]Remote, error) {
	namespaces, err := m.Existing(namespace)
	if err != nil {
		return nil, err
	}
	var out []Remote
	for _, name := range namespaces {
		remotes := m.Dir.Namespace(name).Remotes(thisBoot(), func(err error) { m.Warnf("%v", err) })
		for _, network := range remotes.Networks() {
			out = append(out, peersOf(name, network, roster.RemoteLines(remotes.Of(network), nil))...)
		}
	}
	return out, nil
}

// peersOf makes peers of their lines.
func peersOf(namespace, network string, lines []*hostsstore.RemoteLine) []Remote {
	var out []Remote
	var last *hostsstore.RemotePeer
	for _, l := range lines {
		if p := l.Peer; last == nil || *p != *last || p.ID == "" && !slices.Contains(out[len(out)-1].Addresses, l.Address) {
			out = append(out, Remote{
				Namespace: namespace, Network: network, Host: p.Host, ID: p.ID, IfName: p.IfName, Revision: p.Revision, NetworkOnly: p.NetworkOnly,
			})
		}
		last = l.Peer
		r := &out[len(out)-1]
		if !slices.Contains(r.Addresses, l.Address) {
			r.Addresses = append(r.Addresses, l.Address)
		}
		for name := range l.Names {
			if !slices.Contains(r.Names, name) {
				r.Names = append(r.Names, strings.Clone(name))
			}
		}
	}
	return out
}

// Published returns the attachments of a network that other hosts may know, the oldest first: of living containers that are no pods, and
// nerdctl's only if they are asked for. The error is one of Existing.
func (m *Inspector) Published(namespace, network string, foreign bool) ([]*roster.Placed, error) {
	list, err := m.Inspect(namespace)
	if err != nil {
		return nil, err
	}
	var out []*roster.Placed
	for _, i := range list {
		if i.dead() || i.container.Kubernetes != "" || i.container.Foreign && !foreign {
			continue
		}
		for j := range i.container.Attachments {
			if a := &i.container.Attachments[j]; a.Network == network {
				out = append(out, &roster.Placed{Container: i.container, Attachment: a})
			}
		}
	}
	slices.SortStableFunc(out, func(a, b *roster.Placed) int { return roster.ByAge(*a, *b) })
	return out, nil
}
