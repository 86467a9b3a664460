package inspect

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/netip"
	"slices"

	"github.com/etcfiles/etcfiles/pkg/etcfiles"
	"github.com/etcfiles/etcfiles/pkg/hostsstore"
	"github.com/etcfiles/etcfiles/pkg/parallel"
	"github.com/etcfiles/etcfiles/pkg/roster"
	"github.com/etcfiles/etcfiles/pkg/safefile"
	"github.com/etcfiles/etcfiles/pkg/sandbox"
)

// lookAtRecords reads the records and makes of them what the index should hold.
func (a *audit) lookAtRecords() {
	list := a.of(hostsstore.KindRecord)
	ids := make([]string, len(list))
	for i, e := range list {
		ids[i] = e.ID
	}
	reads, errs := a.readRecords(ids)
	a.records, a.stale = map[string]*hostsstore.Record{}, map[string]bool{}
	a.want = hostsstore.NewIndex(a.bootID)
	for i, e := range list {
		f := Finding{ID: e.ID, Path: e.Path}
		if err := errs[i]; errors.Is(err, etcfiles.ErrNewer) {
			f.Problem, f.What, f.Do = RecordNewer, reason(err, e.Path), "nothing else is looked at until then"
			a.newer = append(a.newer, f)
			continue
		} else if errors.Is(err, fs.ErrNotExist) {
			continue // it has gone meanwhile
		} else if err != nil {
			f.Problem, f.What = RecordCorrupt, reason(err, e.Path)
			f.Do = "end the container and run: etcfiles rm " + a.ns.Name() + "/" + e.ID + "; an operation takes its names out"
			a.found(f)
			continue
		}
		r, state := reads[i].record, reads[i].state
		a.records[e.ID] = r
		a.read[e.ID] = reads[i]
		if state == NetnsEarlierBoot {
			a.stale[e.ID] = true
			f.Problem, f.What, f.Do = RecordOldBoot, "the container is of an earlier boot", doPrune
			a.found(f)
			continue
		}
		c, _ := roster.ContainerOf(r)
		c.Record = reads[i].stat
		a.want.Containers[e.ID] = c
		switch f.Path = ""; {
		case state == NetnsGone:
			f.Problem, f.What, f.Do = GoneNetns, fmt.Sprintf("its network namespace %s is gone", r.Etcfiles.Netns.Path), doPrune
			a.found(f)
		case hasEnded(r):
			f.Problem, f.What, f.Do = LeftNetworks, "it has left its last network, and no process lives in its network namespace", "etcfiles prune removes it"
			a.found(f)
		}
	}
	a.members = roster.MembersOf(a.want, a.remotes.Of).ForMany()
}

// recordRead is a record as a look has read it.
type recordRead struct {
	record *hostsstore.Record
	stat   hostsstore.FileID // from before it was read, so what was read may be newer, and never older
	state  NetnsState
}

// readRecords reads the records of containers; each has one, or an error. What the look before has read, and what stands as it did then,
// is not read again; nor is it asked again whether a container lives of which nothing was found.
func (a *audit) readRecords(ids []string) ([]recordRead, []error) {
	reads, errs := make([]recordRead, len(ids)), make([]error, len(ids))
	parallel.Do(len(ids), func(i int) {
		r := &reads[i]
		if r.stat, errs[i] = a.ns.StatRecord(ids[i]); errs[i] != nil {
			return
		}
		if a.earlier != nil {
			if before := a.earlier.read[ids[i]]; before.record != nil && before.stat == r.stat {
				*r = before
			}
		}
		if r.record == nil {
			r.record, errs[i] = a.ns.ReadRecord(ids[i])
		}
		if errs[i] == nil && (r.state == "" || a.again(Finding{ID: ids[i]})) {
			r.state = stateOf(r.record, a.bootID, a.mntns)
		}
	})
	return reads, errs
}

// hasEnded reports whether a container that has left its last network has no process any more that could come back.
func hasEnded(r *hostsstore.Record) bool {
	d := r.Etcfiles
	return d != nil && len(d.Attachments) == 0 && d.Netns.Inode != 0 && !sandbox.Inhabited(namespaceOf(d.Netns), 0)
}

// reason is the text of an error about the file at path, without the path.
func reason(err error, path string) string {
	var pathError *fs.PathError
	var content *safefile.ContentError
	switch {
	case errors.As(err, &content) && content.Path == path:
		err = content.Err
	case errors.As(err, &pathError) && pathError.Path == path:
		err = pathError.Err
	}
	return err.Error()
}

// lookAtIndex compares the index with the records.
func (a *audit) lookAtIndex() {
	path := a.ns.IndexPath()
	ix, err := a.ns.LoadIndex(a.bootID)
	switch {
	case err == nil:
		a.index = ix
	case errors.Is(err, hostsstore.ErrIndexOfAnotherBoot):
		a.found(Finding{Path: path, Problem: IndexOldBoot, What: "the index is of an earlier boot", Do: doPrune})
		return
	case errors.Is(err, fs.ErrNotExist) && a.rested != (hostsstore.FileID{}):
		return // an operation has it
	case errors.Is(err, fs.ErrNotExist):
		if len(a.want.Containers) > 0 || len(a.remotes.Networks()) > 0 {
			a.found(Finding{Path: path, Problem: IndexAbsent, What: "there is no index: it was deleted, or an operation was cut off before its end", Do: doRepair})
		}
		return
	default:
		a.found(Finding{Path: path, Problem: IndexCorrupt, What: "the index cannot be read: " + reason(err, path), Do: doRepair})
		return
	}
	differs := func(id, format string, args ...any) {
		a.found(Finding{ID: id, Path: path, Problem: IndexDiffers, What: fmt.Sprintf(format, args...), Do: doRepair})
	}
	for id, c := range ix.Containers {
		want := a.want.Containers[id]
		moved := want == nil || want.Record != c.Record
		a.behind = a.behind || moved
		a.theirsMoved = a.theirsMoved || moved && c.Foreign
		if want == nil {
			if !a.stale[id] && !c.Foreign {
				differs(id, "the index has container %s, which has no record", id)
			}
			continue
		}
		if what := difference(c, want); what != "" {
			differs(id, "the index has other %s of container %s than its record", what, id)
		}
	}
	for id, c := range a.want.Containers {
		a.behind = a.behind || ix.Containers[id] == nil
		a.theirsMoved = a.theirsMoved || ix.Containers[id] == nil && c.Foreign
		if ix.Containers[id] == nil && !c.Foreign {
			differs(id, "the index lacks container %s", id)
		}
	}
	for network := range ix.Networks {
		if len(a.members.Of(network)) == 0 && !a.remotes.Has(network) && !a.staleNetwork(network) && !theirsOnly(ix, network) {
			differs("", "the index has network %s, which has no container", network)
		}
	}
	for _, network := range a.networks() {
		if ix.Networks[network] == nil && !theirsOnly(a.want, network) {
			differs("", "the index lacks network %s", network)
		}
	}
}

// staleNetwork reports whether a container of an earlier boot is on the network.
func (a *audit) staleNetwork(network string) bool {
	for id := range a.stale {
		if slices.ContainsFunc(a.records[id].Etcfiles.Attachments, func(at hostsstore.Attachment) bool { return at.Network == network }) {
			return true
		}
	}
	return false
}

// difference names what an index has otherwise than a record, "" for nothing.
func difference(have, want *hostsstore.Container) string {
	if want.Foreign && have.Record != want.Record {
		return "" // its owner may change a record at any time, and the next operation reads it
	}
	if len(have.Attachments) != len(want.Attachments) {
		return "attachments"
	}
	for i := range have.Attachments {
		h, w := &have.Attachments[i], &want.Attachments[i]
		switch {
		case h.Network != w.Network || h.IfName != w.IfName || h.Sequence != w.Sequence:
			return "attachments"
		case !slices.Equal(h.Addresses, w.Addresses):
			return "addresses"
		case !roster.SameNames(h, w):
			return "names"
		}
	}
	switch {
	case have.Netns != want.Netns:
		return "network namespace"
	case !slices.Equal(have.ExtraHosts, want.ExtraHosts):
		return "extra hosts"
	case !slices.EqualFunc(have.Adopted, want.Adopted, func(h, w hostsstore.Adopted) bool { return h.String() == w.String() }):
		return "lines of the kubelet"
	case have.Kubernetes != want.Kubernetes:
		return "Kubernetes namespace"
	case have.NoIPv6Loopback != want.NoIPv6Loopback || have.Foreign != want.Foreign || !slices.Equal(have.Created, want.Created):
		return "settings"
	}
	return ""
}

// lookAtAddresses finds an address that two containers have, on one network or on two.
func (a *audit) lookAtAddresses() {
	networks := a.members.Networks()
	everywhere := map[netip.Addr]roster.Placed{} // each with its first owner
	for _, network := range slices.Sorted(maps.Keys(networks)) {
		owner := map[netip.Addr]roster.Placed{}
		for _, p := range networks[network] {
			for _, addr := range p.Attachment.Addresses {
				first, taken := owner[addr]
				if taken && first.Container != p.Container {
					a.found(Finding{
						ID: p.Container.ID, Network: network, Problem: AddressTwice,
						What: fmt.Sprintf("it has the address %s on network %s, which container %s has too", addr, network, first.Container.ID),
						Do:   "end the one that has no right to it, see the leases of the IPAM plugin",
					})
				}
				owner[addr] = p.Placed
				if other, ok := everywhere[addr]; !ok {
					everywhere[addr] = p.Placed
				} else if other.Container != p.Container && other.Attachment.Network != network {
					a.found(Finding{
						ID: p.Container.ID, Network: network, Problem: AddressTwice, Note: true,
						What: fmt.Sprintf("it has the address %s on network %s, which container %s has on network %s", addr, network, other.Container.ID, other.Attachment.Network),
						Do:   "give each network its own subnet, unless the two never meet; see `etcfiles config` of the directory of the conflists",
					})
				}
			}
		}
	}
}
