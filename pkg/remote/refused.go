package remote

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/etcfiles/etcfiles/pkg/hostsstore"
	"github.com/etcfiles/etcfiles/pkg/names"
)

// Refused is the error for what an import does not take of what one host has.
type Refused struct {
	Host  string
	Peers int // how many are left out; 0 when nothing of the host is taken, and what it had stays
	Why   error
}

func (r *Refused) Error() string {
	if r.Peers == 0 {
		return fmt.Sprintf("host %s stays as it was: %v", r.Host, r.Why)
	}
	return fmt.Sprintf("host %s: left out, %d in all: %v", r.Host, r.Peers, r.Why)
}

// Unwrap returns why.
func (r *Refused) Unwrap() error { return r.Why }

// Refusals is the error of an import that has taken all but what it says, at most one for each host and reason, by host.
type Refusals []*Refused

// maxTold is how many refusals the text of an error has.
const maxTold = 3

func (r Refusals) Error() string {
	var list []string
	for _, one := range r[:min(len(r), maxTold)] {
		list = append(list, one.Error())
	}
	if more := len(r) - len(list); more > 0 {
		list = append(list, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(list, "; ")
}

// Unwrap returns each of them.
func (r Refusals) Unwrap() []error {
	list := make([]error, len(r))
	for i, one := range r {
		list[i] = one
	}
	return list
}

// CheckHost returns why there can be no host of that name: it is that of a file.
func CheckHost(name string) error {
	if err := names.CheckElement(name); err != nil {
		return fmt.Errorf("name of the host: %w", err)
	}
	return nil
}

// check returns why a peer cannot be imported.
func (p *Peer) check() error {
	who := "lines of nobody"
	if p.ID != "" {
		if err := names.CheckElement(p.ID); err != nil {
			return fmt.Errorf("container ID %w", err)
		}
		who = "container " + p.ID
		if err := hostsstore.CheckIfName(p.IfName); err != nil {
			return fmt.Errorf("%s: %w", who, err)
		}
	}
	for _, addr := range p.Addresses {
		if err := hostsstore.CheckRemoteAddress(addr); err != nil {
			return fmt.Errorf("%s: %w", who, err)
		}
	}
	if p.atLeast() > maxBytes {
		return fmt.Errorf("%s: %w", who, errTooMuch)
	}
	return nil
}

// refuse notes that nothing of a host is taken, or that so many peers of it are left out.
func (w *Wanted) refuse(host string, peers int, why error) {
	w.refused = append(w.refused, &Refused{Host: host, Peers: peers, Why: why})
}

// Refused returns what is not taken, as Refusals; nil for nothing.
func (w *Wanted) Refused() error {
	list := slices.Clone(w.refused)
	for _, host := range slices.Sorted(maps.Keys(w.beyond)) {
		list = append(list, &Refused{Host: host, Peers: len(w.beyond[host]), Why: ErrFull})
	}
	if len(list) == 0 {
		return nil
	}
	slices.SortStableFunc(list, func(a, b *Refused) int { return strings.Compare(a.Host, b.Host) })
	return Refusals(list)
}

// Write has write put the files of the hosts in place that have changed, and returns what hosts have then. A host whose file cannot be
// written stays as it was, and has no part in further steps.
func (w *Wanted) Write(was, is []hostsstore.RemoteHost, changed []string, write func(h *hostsstore.RemoteHost) error) []hostsstore.RemoteHost {
	is = slices.Clone(is)
	for _, host := range changed {
		of := func(h hostsstore.RemoteHost) bool { return h.Host == host }
		i := slices.IndexFunc(is, of)
		err := write(&is[i])
		if err == nil {
			continue
		}
		w.refuse(host, 0, err)
		delete(w.hosts, host)
		delete(w.beyond, host)
		w.names = slices.DeleteFunc(w.names, func(name string) bool { return name == host })
		if j := slices.IndexFunc(was, of); j >= 0 {
			is[i] = was[j]
		} else {
			is = slices.Delete(is, i, i+1)
		}
	}
	return is
}

// ErrFull is the reason for which peers are left out that have no room in the files of containers.
var ErrFull = fmt.Errorf("containers list at most %d lines with %d bytes of all other hosts on a network", MaxLines, maxBytes)

var errTooMuch = fmt.Errorf("one host may have at most %d lines with %d bytes on a network", MaxLines, maxBytes)
