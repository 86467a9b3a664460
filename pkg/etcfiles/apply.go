package etcfiles

import (
	"errors"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/etcfiles/etcfiles/pkg/hostsstore"
)

// edit is what one session does to the hosts files.
type edit struct {
	*session
	members members
	sizes   func() map[string]extent // of what the hosts files have of each network
	now     time.Duration            // since boot
	arrives []change
	leaves  []change
}

// change is an attachment that comes or goes.
type change struct {
	member
	older func() []placed // those who are on the network, or leave it just now, and share a name with it: it stands behind them
	rank  float64         // about where among its network's attachments it stands, from 0 to 1
}

// file is a hosts file with what the index knows of it.
type file struct {
	path   string
	view   *viewer
	state  *hostsstore.Hosts
	whole  bool // compare all of it
	create bool // make it if it is not there

	peer    bool // it belongs to a container whose own part has not changed
	changed bool // something was written
	tight   bool // there is hardly room for another line but at the end
}

// applyFiles edits the hosts files of the networks, of containers whose own part has changed, and of their peers.
func (s *session) applyFiles() error {
	e := &edit{session: s, members: membersOf(s.ix), now: sinceBoot()}
	e.sizes = sync.OnceValue(e.extents)
	files, err := e.files()
	if err != nil {
		return err
	}
	for _, p := range s.went {
		e.leaves = append(e.leaves, e.change(p))
	}
	for _, p := range s.came {
		e.arrives = append(e.arrives, e.change(p))
	}
	errs := make([]error, len(files))
	parallel(len(files), func(i int) { errs[i] = e.bring(&files[i]) })
	e.report(files)
	return errors.Join(errs...)
}

// sinceBoot is the time since boot, in which sleep counts.
func sinceBoot() time.Duration {
	var t unix.Timespec
	if unix.ClockGettime(unix.CLOCK_BOOTTIME, &t) != nil {
		return 0
	}
	return time.Duration(t.Nano())
}

func (e *edit) change(p placed) change {
	list := e.members[p.attachment.Network]
	n, _ := slices.BinarySearchFunc(list, p, func(m member, p placed) int { return byAge(m.placed, p) })
	return change{
		member: memberOf(p),
		older:  sync.OnceValue(func() []placed { return e.sharers(p) }),
		rank:   float64(n) / float64(len(list)+1),
	}
}

// sharers returns the attachments that are on the network of this one, or leave it just now, and share a name with it. Its
// lines must stand behind theirs: a reader that is past the room of struck lines would miss them there.
func (e *edit) sharers(p placed) []placed {
	own := map[string]struct{}{}
	eachName(p.attachment, func(name string) bool {
		own[strings.ToLower(name)] = struct{}{}
		return false
	})
	shares := func(other *hostsstore.Attachment) bool {
		return other != p.attachment && eachName(other, func(name string) bool {
			_, ok := own[strings.ToLower(name)]
			return ok
		})
	}
	var out []placed
	for _, other := range e.members[p.attachment.Network] {
		if shares(other.attachment) {
			out = append(out, other.placed)
		}
	}
	for _, other := range e.went {
		if shares(other.attachment) {
			out = append(out, other)
		}
	}
	return out
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
		if err := hostsstore.CheckDir(filepath.Dir(e.ns.NetworkPath(network))); err != nil {
			return nil, err
		}
		h := e.ix.Networks[network]
		if h == nil {
			h = &hostsstore.Hosts{}
			e.ix.Networks[network] = h
		}
		files = append(files, file{
			path: e.ns.NetworkPath(network), view: &viewer{network: network}, state: h, whole: e.suspects(network), create: true,
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
			path: e.ns.HostsPath(c.ID), view: &viewer{container: c}, state: &c.Hosts,
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
