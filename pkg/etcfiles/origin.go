package etcfiles

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/etcfiles/etcfiles/pkg/decide"
	"github.com/etcfiles/etcfiles/pkg/hostsstore"
)

// origins returns where what the attachment is given came from, and that what it does not give again of extra hosts stays.
func (a *addition) origins(before *hostsstore.Record) []hostsstore.Origin {
	out := slices.Clone(a.Origins)
	if before == nil || before.Etcfiles == nil {
		return out
	}
	type given struct {
		name    string
		address netip.Addr // none for the gateway
	}
	again := make(map[given]bool, len(a.ExtraHosts))
	for _, x := range a.ExtraHosts {
		again[given{strings.ToLower(x.Name), x.Address}] = true
	}
	if set := before.Etcfiles.Set; set != nil {
		for _, x := range set.ExtraHosts {
			again[given{strings.ToLower(x.Name), x.Address}] = true
		}
	}
	for _, x := range before.Etcfiles.ExtraHosts {
		if name := strings.ToLower(x.Name); !again[given{name, netip.Addr{}}] && !again[given{name, x.Address}] {
			out = append(out, hostsstore.Origin{Key: "extraHosts", Value: x.Name + ":" + x.Address.String(), From: decide.FromPrevious})
		}
	}
	return out
}

// leaveOut warns of names that are left out.
func (m *Manager) leaveOut(list []hostsstore.Refusal) {
	for _, r := range list {
		m.Warnf("name %q is left out of the hosts files: %s", r.Name, r.Why)
	}
}
