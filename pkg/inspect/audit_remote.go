package inspect

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/etcfiles/etcfiles/pkg/hostsstore"
	"github.com/etcfiles/etcfiles/pkg/roster"
)

// lookAtRemotes finds what is left out of the names that other hosts have.
func (a *audit) lookAtRemotes() {
	for _, e := range a.of(hostsstore.KindRemote) {
		f := Finding{Network: e.Network, Path: e.Path, Problem: RemoteLeftOut}
		switch h, err := hostsstore.ReadRemote(e.Path, a.bootID); {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case errors.Is(err, hostsstore.ErrRemoteOfAnotherBoot):
			f.Problem, f.What, f.Do = RemoteOldBoot, "the host had these names in an earlier boot", doPrune
		case err != nil:
			f.What, f.Do = reason(err, e.Path), "the names of the host are left out: remove it, and import them again"
		case h.Faulty > 0:
			f.What = fmt.Sprintf("line %d is left out: %s", h.Faults[0].Line, h.Faults[0].Why)
			if more := h.Faulty - 1; more > 0 {
				f.What += fmt.Sprintf(", and %d more", more)
			}
			f.Do = "import the names of the host again"
		default:
			continue
		}
		a.found(f)
	}
	for _, network := range a.remotes.Networks() {
		a.lookAtRemoteAddresses(network)
	}
}

// lookAtRemoteAddresses finds addresses of other hosts that a container here, or a host before, has too: each once.
func (a *audit) lookAtRemoteAddresses(network string) {
	local := a.members.Addresses(network)
	listed := map[string]*hostsstore.RemotePeer{}
	for _, l := range a.members.Remote(network) {
		listed[l.Address.String()] = l.Peer
	}
	for _, l := range roster.RemoteLines(a.remotes.Of(network), nil) {
		if _, taken := local[l.Address]; taken {
			delete(local, l.Address)
			a.found(Finding{
				Network: network, Path: a.ns.RemotePath(network, l.Peer.Host), Problem: AddressTwice,
				What: fmt.Sprintf("a container here has the address %s too, and its names alone are listed", l.Address),
				Do:   "end the one that has no right to it: no two hosts may give out the same addresses",
			})
		}
	}
	for _, h := range a.remotes.Of(network) {
		for _, l := range h.Lines {
			if first := listed[l.Address.String()]; first != nil && first.Host != h.Host {
				listed[l.Address.String()] = nil
				a.found(Finding{
					Network: network, Path: a.ns.RemotePath(network, h.Host), Problem: AddressTwice,
					What: fmt.Sprintf("host %s has the address %s too, and its names alone are listed", first.Host, l.Address),
					Do:   "end the one that has no right to it: no two hosts may give out the same addresses",
				})
			}
		}
	}
}
