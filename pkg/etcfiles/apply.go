package etcfiles

import (
	"errors"
	"maps"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/etcfiles/etcfiles/pkg/hostsstore"
	"github.com/etcfiles/etcfiles/pkg/parallel"
	"github.com/etcfiles/etcfiles/pkg/roster"
	"github.com/etcfiles/etcfiles/pkg/safefile"
)

// edit is what one operation does to the hosts files.
type edit struct {
	*tx
	members roster.Members
	sizes   func() roster.Sizes
	now     time.Duration // since boot
	arrives []change
	leaves  []change
}

// change is an attachment that comes or goes.
type change struct {
	roster.Member
	older func() []roster.Placed // those who are on the network, or leave it just now, and share a name with it: it stands behind them
	rank  float64                // about where among its network's attachments it stands, from 0 to 1
}

// file is a hosts file with what the index knows of it.
type file struct {
	path   string
	view   *roster.Viewer
	state  *hostsstore.Hosts
	whole  bool // compare all of it
	create bool // make it if it is not there

	peer    bool // it belongs to a container whose own part has not changed
	changed bool // something was written
	tight   bool // there is hardly room for another line but at the end
}

// applyFiles edits the hosts files of the networks, of containers whose own part has changed, and of their peers.
func (t *tx) applyFiles() error {
	e := &edit{tx: t, members: roster.MembersOf(t.ix), now: t.m.sinceBoot()}
	e.sizes = sync.OnceValue(func() roster.Sizes { return e.members.Sizes(e.went...) })
	files, err := e.files()
	if err != nil {
		return err
	}
	for _, p := range t.went {
		e.leaves = append(e.leaves, e.change(p))
	}
	for _, p := range t.came {
		e.arrives = append(e.arrives, e.change(p))
	}
	errs := make([]error, len(files))
	parallel.Do(len(files), func(i int) { errs[i] = e.bring(&files[i]) })
	e.report(files)
	return errors.Join(errs...)
}

// sinceBoot is the time since boot, in which sleep counts.
func (m *Manager) sinceBoot() time.Duration {
	if m.now != nil {
		return m.now()
	}
	var t unix.Timespec
	if unix.ClockGettime(unix.CLOCK_BOOTTIME, &t) != nil {
		return 0
	}
	return time.Duration(t.Nano())
}

func (e *edit) change(p roster.Placed) change {
	return change{
		Member: roster.MemberOf(p),
		older:  sync.OnceValue(func() []roster.Placed { return e.members.Sharers(p, e.went) }),
		rank:   e.members.Rank(p),
	}
}

// report counts the files that were changed.
func (e *edit) report(files []file) {
	for i := range files {
		if files[i].changed {
			e.did.Files++
			if files[i].peer {
				e.did.Peers++
			}
		}
	}
}

// files lists the files that the changes concern, and removes those of networks that are empty now.
func (e *edit) files() ([]file, error) {
	affected := map[string]struct{}{}
	for _, network := range e.affected() {
		affected[network] = struct{}{}
	}
	if e.repair {
		stale, err := e.ns.Networks()
		if err != nil {
			return nil, err
		}
		for _, network := range stale {
			affected[network] = struct{}{}
		}
	}
	var files []file
	for _, network := range slices.Sorted(maps.Keys(affected)) {
		if len(e.members[network]) == 0 {
			delete(e.ix.Networks, network)
			if err := e.removeNetworkFile(network); err != nil {
				return nil, err
			}
			continue
		}
		if err := safefile.CheckDir(filepath.Dir(e.ns.NetworkPath(network))); err != nil {
			return nil, err
		}
		h := e.ix.Networks[network]
		if h == nil {
			h = &hostsstore.Hosts{}
			e.ix.Networks[network] = h
		}
		files = append(files, file{
			path: e.ns.NetworkPath(network), view: &roster.Viewer{Network: network}, state: h, whole: e.suspects(network), create: true,
		})
	}
	return append(files, e.containerFiles(affected)...), nil
}

func (e *edit) containerFiles(affected map[string]struct{}) []file {
	var ours, peers []file
	for _, c := range e.ix.Containers {
		whole, on := e.own[c], false
		for i := range c.Attachments {
			network := c.Attachments[i].Network
			_, concerns := affected[network]
			on = on || concerns
			whole = whole || e.suspects(network)
		}
		if !on && !whole {
			continue
		}
		f := file{
			path: e.ns.HostsPath(c.ID), view: &roster.Viewer{Container: c}, state: &c.Hosts,
			whole: whole, create: slices.Contains(c.Created, hostsstore.HostsFile), peer: !e.own[c],
		}
		if !f.peer {
			ours = append(ours, f)
		} else {
			peers = append(peers, f)
		}
	}
	return append(ours, peers...)
}
