package inspect

import (
	"slices"

	"github.com/etcfiles/etcfiles/pkg/hostsstore"
	"github.com/etcfiles/etcfiles/pkg/roster"
)

// remoteCandidates returns what other hosts have for the name on the networks of the container.
func (l *lookup) remoteCandidates(view *roster.Viewer) []candidate {
	l.members = roster.MembersOf(indexOf(InNamespace(l.all, l.viewer.Namespace)), l.remotes().Of)
	var out []candidate
	for _, network := range view.Networks() {
		for _, line := range l.members.Remote(network) {
			if !line.Peer.NetworkOnly && l.named(line) {
				out = append(out, candidate{Answer: Answer{
					Address: line.Address, Source: FromRemote, Container: remoteRef(line.Peer), Host: line.Peer.Host, Revision: line.Peer.Revision, Network: network,
				}})
			}
		}
	}
	return out
}

func (l *lookup) remotes() *hostsstore.Remotes {
	return l.manager.Dir.Namespace(l.viewer.Namespace).Remotes(thisBoot(), func(err error) { l.because(UnreadableNotice, nil, "%v", err) })
}

func (l *lookup) named(line *hostsstore.RemoteLine) bool {
	return holdsName(slices.Collect(line.Names), l.Name)
}

// remoteRef returns HOST/ID, or HOST where the ID is not known.
func remoteRef(p *hostsstore.RemotePeer) string {
	if p.ID == "" {
		return p.Host
	}
	return p.Host + "/" + p.ID
}

// searchRemote looks for the name among what other hosts have and the container does not see.
func (l *lookup) searchRemote() {
	remotes := l.remotes()
	for _, network := range remotes.Networks() {
		for _, h := range remotes.Of(network) {
			for _, line := range h.Lines {
				switch ref := remoteRef(line.Peer); {
				case !l.named(line):
				case !l.viewer.On(network):
					l.because(OtherNetwork, nil, "%s of another host has the name on %s, and %s is not on it", ref, network, l.Container)
				case line.Peer.NetworkOnly:
					l.because(NetworkOnly, nil, "%s of another host has the name on %s, and it is listed in the hosts file of the network only: %s",
						ref, network, l.manager.Dir.Namespace(l.viewer.Namespace).NetworkPath(network))
				default:
					l.because(AddressTaken, nil, "%s of another host has the name on %s, and its address %s is also another's, whose names alone are listed: etcfiles check says whose",
						ref, network, line.Address)
				}
			}
		}
	}
}
