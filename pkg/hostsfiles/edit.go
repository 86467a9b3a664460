package hostsfiles

import (
	"errors"
	"maps"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/etcfiles/etcfiles/pkg/etchosts"
	"github.com/etcfiles/etcfiles/pkg/hostsstore"
	"github.com/etcfiles/etcfiles/pkg/parallel"
	"github.com/etcfiles/etcfiles/pkg/roster"
	"github.com/etcfiles/etcfiles/pkg/safefile"
)

// Edit is what an operation does to the hosts files of a namespace, under its lock. All fields are to be set.
type Edit struct {
	Dir       hostsstore.Dir
	Namespace *hostsstore.Namespace
	Index     *hostsstore.Index // as it is to be; it learns what the files are then
	Marker    etchosts.Marker
	Base      func() (data []byte, userNames []string) // the head of a file that is made, and the names in it
	Label     func() string                            // of SELinux for a container's new file, "" for none; goroutines may call it at once
	Warnf     func(format string, args ...any)         // goroutines may call it at once

	Remotes    *hostsstore.Remotes                // what other hosts have, as it is to be
	Before     map[string][]hostsstore.RemoteHost // what they had on the networks where this operation changes that
	Came, Went []roster.Placed
	Own        map[*hostsstore.Container]bool // whose own part has changed
	Affected   []string                       // networks with files that may have to be changed
	Repair     bool                           // those of networks without a container may be there too
	Suspects   func(network string) bool      // whether all files of the network are to be compared
	Gather     bool                           // files of containers are to have room at their end, whatever changes
	Now        time.Duration                  // since boot

	members roster.Members
	sizes   func() roster.Sizes
	arrives []change
	leaves  []change
	remote  map[string]*remoteChange // by network: lines of other hosts that come or go
	views   views
}

// change is an attachment that comes or goes.
type change struct {
	roster.Member
	older   func() []roster.Placed // those who are on the network, or leave it just now, and share a name with it: it stands behind them
	younger func() []roster.Placed // those of them who stay and are to stand behind it
	rank    float64                // about where among its network's attachments it stands, from 0 to 1
}

// file is a hosts file with what the index knows of it.
type file struct {
	dir    *safefile.Dir
	name   string
	view   *roster.Viewer
	state  *hostsstore.Hosts
	whole  bool // compare all of it
	create bool // make it if it is not there

	peer    bool // it belongs to a container whose own part has not changed
	changed bool // something was written
	tight   bool // there is hardly room for another line but at the end
}

// Apply edits the hosts files of the networks, of containers whose own part has changed, and of their peers. It returns how many
// files it has changed, and how many of these belong to other containers. It goes on after an error and returns all.
func (e *Edit) Apply() (changed, peers int, err error) {
	e.members = roster.MembersOf(e.Index, e.Remotes.Of)
	e.remote = e.remoteChanges()
	e.sizes = sync.OnceValue(func() roster.Sizes { return e.members.Sizes(e.Went...) })
	records, err := e.Namespace.OpenRecords()
	if err != nil {
		return 0, 0, err
	}
	defer func() { _ = records.Close() }()
	files, err := e.files(records)
	if err != nil {
		return 0, 0, err
	}
	for _, p := range e.Went {
		e.leaves = append(e.leaves, e.change(p))
	}
	for _, p := range e.Came {
		e.arrives = append(e.arrives, e.change(p))
	}
	errs := make([]error, len(files))
	parallel.Do(len(files), func(i int) { errs[i] = e.bring(&files[i]) })
	for i := range files {
		if files[i].changed {
			changed++
			if files[i].peer {
				peers++
			}
		}
	}
	return changed, peers, errors.Join(errs...)
}

func (e *Edit) change(p roster.Placed) change {
	older := sync.OnceValue(func() []roster.Placed { return e.members.Sharers(p, e.Went) })
	younger := sync.OnceValue(func() []roster.Placed {
		return slices.DeleteFunc(slices.Clone(older()), func(other roster.Placed) bool {
			return roster.ByAge(other, p) < 0 || slices.Contains(e.Went, other)
		})
	})
	return change{Member: roster.MemberOf(p), older: older, younger: younger, rank: e.members.Rank(p)}
}

// files lists the files that the changes concern, and removes those of networks that have nobody now, here or on another host.
func (e *Edit) files(records *safefile.Dir) ([]file, error) {
	affected := map[string]struct{}{}
	for _, network := range e.Affected {
		affected[network] = struct{}{}
	}
	if e.Repair {
		stale, err := e.Namespace.Networks()
		if err != nil {
			return nil, err
		}
		for _, network := range append(stale, e.Remotes.Networks()...) {
			affected[network] = struct{}{}
		}
	}
	var files []file
	for _, network := range slices.Sorted(maps.Keys(affected)) {
		if len(e.members.Of(network)) == 0 && !e.Remotes.Has(network) {
			delete(e.Index.Networks, network)
			if err := e.Namespace.RemoveNetwork(network); err != nil {
				return nil, err
			}
			continue
		}
		if err := safefile.CheckDir(filepath.Dir(e.Namespace.NetworkPath(network))); err != nil {
			return nil, err
		}
		h := e.Index.Networks[network]
		if h == nil {
			h = &hostsstore.Hosts{}
			e.Index.Networks[network] = h
		}
		files = append(files, file{
			dir: safefile.Anywhere, name: e.Namespace.NetworkPath(network), view: &roster.Viewer{Network: network}, state: h, whole: e.Suspects(network), create: true,
		})
	}
	return append(files, e.containerFiles(records, affected)...), nil
}

func (e *Edit) containerFiles(records *safefile.Dir, affected map[string]struct{}) []file {
	var ours, peers []file
	for _, c := range e.Index.Containers {
		whole, on := e.Own[c], false
		for i := range c.Attachments {
			network := c.Attachments[i].Network
			_, concerns := affected[network]
			on = on || concerns && !e.worldOnly(network)
			whole = whole || e.Suspects(network)
		}
		if !on && !whole {
			continue
		}
		f := file{
			dir: records, name: hostsstore.HostsName(c.ID), view: &roster.Viewer{Container: c}, state: &c.Hosts,
			whole: whole, create: slices.Contains(c.Created, hostsstore.HostsFile), peer: !e.Own[c],
		}
		if !f.peer {
			ours = append(ours, f)
		} else {
			peers = append(peers, f)
		}
	}
	return append(ours, peers...)
}
