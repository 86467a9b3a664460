package etcfiles

import (
	"errors"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/etcfiles/etcfiles/pkg/etchosts"
	"github.com/etcfiles/etcfiles/pkg/hostsstore"
)

// edit is what one session does to the hosts files.
type edit struct {
	*session
	members members
	sizes   func() map[string]extent // of what the hosts files have of each network
	offsets *hostsstore.Offsets
	came    []change
	went    []change
}

// change is an attachment that comes or goes, with the hints where it stands or may stand in each file.
type change struct {
	placed
	column []uint32
	reuse  bool // its lines may take the room of struck ones: no older peer has one of its names
}

// file is a hosts file with what the index knows of it.
type file struct {
	path   string
	view   *viewer
	row    int
	state  *hostsstore.FileID
	whole  bool // compare all of it
	create bool // make it if it is not there

	peer    bool // it belongs to a container whose own part has not changed
	changed bool // something was written
}

// applyFiles edits the hosts files of the networks, of containers whose own part has changed, and of their peers.
func (s *session) applyFiles() error {
	e := &edit{session: s, members: membersOf(s.ix)}
	e.sizes = sync.OnceValue(e.extents)
	files, err := e.files()
	if err != nil {
		return err
	}
	if err := e.open(); err != nil {
		return err
	}
	errs := make([]error, len(files))
	parallel(len(files), func(i int) { errs[i] = e.bring(&files[i]) })
	e.report(files)
	for i := range e.came {
		errs = append(errs, e.offsets.SetColumn(e.came[i].attachment.Number, e.came[i].column))
	}
	return errors.Join(append(errs, e.offsets.Flush(), e.offsets.Close())...)
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

// open opens the table of hints, wide enough for all files, and reads what it says of the changes.
func (e *edit) open() error {
	rows := max(len(e.rows.used), e.rows.from)
	stride := e.ix.Stride
	for stride < rows {
		stride *= 2
	}
	var err error
	e.offsets, err = e.ns.OpenOffsets(e.ix.Stride, e.repair)
	if err == nil && stride > e.ix.Stride {
		err = e.offsets.Widen(stride, len(e.columns.used))
		e.ix.Stride = stride
	}
	if err != nil {
		return err
	}
	for _, p := range e.session.went {
		e.went = append(e.went, change{placed: p, column: e.offsets.Column(p.attachment.Number)})
	}
	for _, p := range e.session.came {
		e.came = append(e.came, change{p, e.offsets.Column(p.attachment.Number), e.unshared(p)})
	}
	return nil
}

// unshared reports that no attachment that is on the network, or leaves it just now, has a name of this one. Otherwise
// its lines must stand behind theirs: a reader that is past the room of struck lines would miss them there.
func (e *edit) unshared(p placed) bool {
	own := map[string]struct{}{}
	for _, n := range AllNames(p.attachment) {
		own[strings.ToLower(n)] = struct{}{}
	}
	return !slices.ContainsFunc(slices.Concat(e.members[p.attachment.Network], e.session.went), func(other placed) bool {
		return other.attachment != p.attachment && slices.ContainsFunc(AllNames(other.attachment), func(n string) bool {
			_, ok := own[strings.ToLower(n)]
			return ok
		})
	})
}

// files lists the files that the changes concern, and removes those of networks that are empty now.
func (e *edit) files() ([]file, error) {
	affected := map[string]struct{}{}
	for _, list := range [][]placed{e.session.came, e.session.went} {
		for _, p := range list {
			affected[p.attachment.Network] = struct{}{}
		}
	}
	if e.repair {
		for network := range e.members {
			affected[network] = struct{}{}
		}
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
		n := e.ix.Networks[network]
		if n == nil {
			n = &hostsstore.Network{Number: e.rows.next()}
			e.ix.Networks[network] = n
		}
		files = append(files, file{
			path: e.ns.NetworkPath(network), view: &viewer{network: network}, row: n.Number,
			state: &n.Hosts, whole: e.repair, create: true,
		})
	}
	return append(files, e.containerFiles(affected)...), nil
}

func (e *edit) containerFiles(affected map[string]struct{}) []file {
	var ours, peers []file
	for _, c := range e.ix.Containers {
		whole := e.repair || e.own[c]
		if !whole && !slices.ContainsFunc(c.Attachments, func(a hostsstore.Attachment) bool {
			_, ok := affected[a.Network]
			return ok
		}) {
			continue
		}
		f := file{
			path: e.ns.HostsPath(c.ID), view: &viewer{container: c}, row: c.Number, state: &c.Hosts,
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

// bring brings one file to what it has to hold. A container that has made its own file unusable harms itself only. The file
// of a network is mounted nowhere: one that has grown beyond its bounds is replaced.
func (e *edit) bring(f *file) error {
	err := e.edit(f)
	if f.view.container == nil && errors.Is(err, etchosts.ErrTooLarge) {
		e.Warnf("network %s: its hosts file is made anew: %v", f.view.network, err)
		err = e.make(f)
	}
	switch {
	case err == nil:
		return nil
	case f.view.container == nil:
	case errors.Is(err, fs.ErrNotExist):
		*f.state = hostsstore.FileID{}
		return nil
	case obstructed(err):
		*f.state = hostsstore.FileID{}
		e.Warnf("container %s keeps a stale hosts file: %v", f.view.container.ID, err)
		return nil
	}
	*f.state = hostsstore.FileID{}
	return err
}

func (e *edit) edit(f *file) error {
	open, err := etchosts.Open(f.path, e.Marker)
	if errors.Is(err, fs.ErrNotExist) && f.create {
		return e.make(f)
	}
	if err != nil {
		return err
	}
	switch {
	case f.whole || hostsstore.FileID(open.State()) != *f.state:
		err = e.reconcile(f, open)
	case f.view.container == nil && open.State().Size > spare.Bytes:
		if err = open.Within(e.bounds(f.view).Bytes); err == nil {
			err = e.live(f, open)
		}
	default:
		err = e.live(f, open)
	}
	if err == nil {
		var state etchosts.State
		state, err = open.Settle()
		f.remember(state)
	}
	f.changed = open.Changed()
	return errors.Join(err, open.Close())
}

// maxRemembered is how many bytes of a user's own names the index remembers for a container, which every operation
// reads. The file of one who has more is read in every operation instead.
const maxRemembered = 16 << 10

// remember notes the state of a file that is as it has to be.
func (f *file) remember(state etchosts.State) {
	*f.state = hostsstore.FileID(state)
	if c := f.view.container; c != nil && sizeOf(c.UserNames) > maxRemembered {
		*f.state, c.UserNames = hostsstore.FileID{}, nil
	}
}

func sizeOf(list []string) int {
	n := len(list)
	for _, s := range list {
		n += len(s)
	}
	return n
}

// live makes the changes alone, by the hints; where the file is not as remembered all of it is compared.
func (e *edit) live(f *file, open *etchosts.File) error {
	for i := range e.came {
		c := &e.came[i]
		if c.container == f.view.container || !f.view.sees(c.attachment.Network) {
			continue
		}
		text := f.view.peer(c.placed)
		if text == "" {
			continue
		}
		hint := int64(c.column[f.row])
		if done, err := reuse(open, c.reuse, hint, text); err != nil {
			return err
		} else if done {
			continue
		}
		off, err := open.Append(text)
		if err != nil {
			return err
		}
		c.column[f.row] = uint32(off)
	}
	for i := range e.went {
		c := &e.went[i]
		if c.container == f.view.container || !f.view.sees(c.attachment.Network) {
			continue
		}
		text := f.view.peer(c.placed)
		if text == "" {
			continue
		}
		err := open.Strike(int64(c.column[f.row]), text)
		if errors.Is(err, etchosts.ErrChanged) {
			if _, err := open.Refresh(); err != nil {
				return err
			}
			return e.reconcile(f, open)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func reuse(open *etchosts.File, allowed bool, hint int64, text string) (bool, error) {
	if !allowed || hint == 0 {
		return false, nil
	}
	return open.Reuse(hint, text)
}

// reconcile compares the whole file with what it has to hold.
func (e *edit) reconcile(f *file, open *etchosts.File) error {
	var blocks []block
	layout, err := open.Reconcile(e.bounds(f.view), func(userNames []string) []string {
		if c := f.view.container; c != nil {
			c.UserNames = userNames
			f.view = &viewer{container: c}
		}
		blocks = e.members.blocks(f.view)
		return texts(blocks)
	}, e.ours(f.view))
	if err != nil {
		return err
	}
	return e.hint(f, blocks, layout.Offsets)
}

// ours returns what reports whether a line in a broken region is one that we write into this file, or wrote before this
// change.
func (e *edit) ours(v *viewer) func(line string) bool {
	known := sync.OnceValue(func() map[string]struct{} {
		set := map[string]struct{}{}
		add := func(text string) {
			for line := range strings.Lines(text) {
				set[line] = struct{}{}
			}
		}
		for _, b := range e.members.blocks(v) {
			add(b.text)
		}
		for i := range e.went {
			add(v.peer(e.went[i].placed))
		}
		return set
	})
	return func(line string) bool {
		_, ok := known()[strings.TrimSuffix(line, "\n")+"\n"] // a file may be cut before its last newline
		return ok
	}
}

// hint notes where the peers' lines stand, and that nothing is known of any other attachment.
func (e *edit) hint(f *file, blocks []block, offsets []int64) error {
	cells := make([]uint32, max(len(e.columns.used), e.columns.from))
	for i, b := range blocks {
		if b.peer != nil {
			cells[b.peer.Number] = uint32(offsets[i])
		}
	}
	for i := range e.came {
		e.came[i].column[f.row] = cells[e.came[i].attachment.Number]
	}
	for attachment, off := range cells {
		if err := e.offsets.Set(attachment, f.row, off); err != nil {
			return err
		}
	}
	return nil
}

// make writes a file that is not there yet.
func (e *edit) make(f *file) error {
	var head []byte
	if c := f.view.container; c != nil {
		head, c.UserNames = e.base()
		f.view = &viewer{container: c}
	}
	blocks := e.members.blocks(f.view)
	data, offsets := etchosts.Render(e.Marker, head, texts(blocks))
	if err := e.Dir.MakeDir(filepath.Dir(f.path)); err != nil {
		return err
	}
	if err := hostsstore.WriteFile(f.path, data); err != nil {
		return err
	}
	open, err := etchosts.Open(f.path, e.Marker)
	if err != nil {
		return err
	}
	f.changed = true
	f.remember(open.State())
	return errors.Join(e.hint(f, blocks, offsets), open.Close())
}

func texts(blocks []block) []string {
	out := make([]string, len(blocks))
	for i, b := range blocks {
		out[i] = b.text
	}
	return out
}
