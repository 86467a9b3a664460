package inspect

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"

	"github.com/etcfiles/etcfiles/pkg/etchosts"
	"github.com/etcfiles/etcfiles/pkg/hostsstore"
	"github.com/etcfiles/etcfiles/pkg/parallel"
	"github.com/etcfiles/etcfiles/pkg/roster"
	"github.com/etcfiles/etcfiles/pkg/safefile"
)

// lookAtHosts compares the hosts files of containers and networks with what the records want.
func (a *audit) lookAtHosts() {
	sizes := a.members.Sizes()
	type hosts struct {
		finding Finding // what the findings have in common
		view    *roster.Viewer
		state   hostsstore.Hosts // as the index has it
	}
	var files []hosts
	moved := a.movedLines()
	for id, c := range a.want.Containers {
		h := hosts{finding: Finding{ID: id, Path: a.ns.HostsPath(id)}, view: &roster.Viewer{Container: c}}
		if a.index != nil && a.index.Containers[id] != nil {
			h.state = a.index.Containers[id].Hosts
		}
		files = append(files, h)
	}
	for _, network := range a.networks() {
		h := hosts{finding: Finding{Network: network, Path: a.ns.NetworkPath(network)}, view: &roster.Viewer{Network: network}}
		if a.index != nil && a.index.Networks[network] != nil {
			h.state = *a.index.Networks[network]
		}
		files = append(files, h)
	}
	parallel.Do(len(files), func(i int) {
		h := &files[i]
		path, c := h.finding.Path, h.view.Container
		if !a.again(h.finding) && !a.unexplained(moved, path) {
			return
		}
		d, state, err := a.compareHosts(path, h.view, &h.state, sizes, a.members)
		switch {
		case errors.Is(err, fs.ErrNotExist) && c == nil && a.index != nil && a.index.Networks[h.view.Network] == nil && theirsOnly(a.want, h.view.Network):
			return // the next operation makes it
		case err == nil && !d.None() && (c != nil && a.byNerdctl(path, c.ID) || a.asIndexed(path, h.view, &h.state, sizes)):
			return
		}
		if err != nil {
			a.hostsError(h.finding, h.view.Container, err)
			return
		}
		if before, ok := a.differed(path); ok {
			d = before.Common(d)
		}
		a.differs(path, &d)
		a.hostsDifference(h.finding, &d)
		if c := h.view.Container; !a.behind && state == h.state.State && state != (hostsstore.FileID{}) {
			switch {
			case !d.None():
				h.finding.What = fmt.Sprintf("the index says that %s is as it has to be, and it is not", h.finding.Path)
			case c != nil && !slices.Equal(a.index.Containers[c.ID].UserNames, d.UserNames):
				h.finding.What = fmt.Sprintf("the index has other names of the user's own lines than %s", h.finding.Path)
			default:
				return
			}
			h.finding.Path, h.finding.Problem, h.finding.Do = a.ns.IndexPath(), IndexDiffers, doAudit+"; no operation looks"
			a.found(h.finding)
		}
	})
}

func (a *audit) compareHosts(path string, v *roster.Viewer, known *hostsstore.Hosts, sizes roster.Sizes, members roster.Members) (d etchosts.Difference, state hostsstore.FileID, err error) {
	if err := safefile.CheckDir(filepath.Dir(path)); err != nil {
		return d, state, err
	}
	switch immutable, err := safefile.Immutable(path); {
	case err != nil:
		return d, state, err
	case immutable:
		return d, state, errImmutable
	}
	f, err := etchosts.OpenRead(path, a.Marker)
	if err != nil {
		return d, state, err
	}
	d, err = f.Compare(etchosts.Wish{
		Bounds: v.Bounds(sizes),
		Blocks: func(userNames []string) []string {
			if c := v.Container; c != nil {
				c.UserNames = userNames
				v = &roster.Viewer{Container: c}
			}
			return members.Blocks(v)
		},
		Known:    members.Known(v, nil, nil),
		Shared:   members.Shared(v),
		Gathered: known.Gathered > 0,
		Patient:  known.Gathered > 0,
	})
	return d, hostsstore.FileID(f.State()), errors.Join(err, f.Close())
}

var errImmutable = errors.New("it is immutable or append-only")

// hostsError notes what keeps a hosts file from being read or edited.
func (a *audit) hostsError(f Finding, c *hostsstore.Container, err error) {
	f.Problem, f.What = FileUnusable, reason(err, f.Path)
	f.Do = "the container sees no more changes: start it anew, or make it a regular file that root can write"
	if c == nil {
		f.Do = "remove it and run: etcfiles check --repair"
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if c != nil && c.Foreign {
			return
		}
		f.Problem, f.What, f.Do = HostsAbsent, "there is no hosts file", doRepair
		if c != nil && !slices.Contains(c.Created, hostsstore.HostsFile) {
			f.Do = "the runtime that made it has to make it again: start the container anew"
		}
	case errors.Is(err, errImmutable):
		f.What = "it is immutable or append-only"
		f.Do = "the container sees no more changes: chattr -ia, then etcfiles check --repair"
	case errors.Is(err, etchosts.ErrTooLarge) && c == nil:
		f.Do = doRepair
	case errors.Is(err, etchosts.ErrTooLarge):
		f.Do = "the container sees no more changes: start it anew, or take lines out of the file without replacing it"
	}
	a.found(f)
}

// hostsDifference notes what is wrong in a hosts file, one finding for each kind of fault.
func (a *audit) hostsDifference(f Finding, d *etchosts.Difference) {
	f.Do = doRepair
	for _, kind := range []struct {
		problem Problem
		lines   []string
		format  string
	}{
		{HostsLacks, d.Missing, "it lacks the line %q"},
		{HostsExtra, d.Extra, "it has the line %q, which belongs to no container"},
		{HostsTwice, d.Twice, "it has the line %q twice"},
		{HostsOrder, d.Misplaced, "the line %q stands before an older one with a name of it"},
	} {
		if len(kind.lines) == 0 {
			continue
		}
		f.Problem, f.What = kind.problem, fmt.Sprintf(kind.format, kind.lines[0])
		if n := len(kind.lines) - 1; n > 0 {
			f.What += fmt.Sprintf(" and %d more", n)
		}
		a.found(f)
	}
	if len(d.Markers) > 0 {
		f.Problem, f.What = HostsMarkers, fmt.Sprintf("the marker in line %d opens or closes nothing", d.Markers[0])
		a.found(f)
	}
}
