package hostsfiles

import (
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/etcfiles/etcfiles/pkg/etchosts"
	"github.com/etcfiles/etcfiles/pkg/hostsstore"
	"github.com/etcfiles/etcfiles/pkg/roster"
	"github.com/etcfiles/etcfiles/pkg/safefile"
)

// bring brings one file to what it has to hold. A container that has made its own file unusable harms itself only. The file
// of a network is mounted nowhere, but its directory: one that has grown beyond its bounds is replaced.
func (e *Edit) bring(f *file) error {
	err := e.edit(f)
	if f.view.Container == nil && errors.Is(err, etchosts.ErrTooLarge) {
		e.Warnf("network %s: its hosts file is made anew: %v", f.view.Network, err)
		err = e.make(f, nil)
	}
	switch {
	case err == nil:
		return nil
	case f.view.Container == nil:
	case errors.Is(err, fs.ErrNotExist):
		f.state.State = hostsstore.FileID{}
		return nil
	case etchosts.Obstructed(err):
		f.state.State = hostsstore.FileID{}
		if f.create && e.recorded(f) == nil { // one that is not to be written may still be setuid
			_ = safefile.Restore(f.dir.Path(f.name), hostsstore.AccessOf(f.view.Container.Owner))
		}
		e.Warnf("container %s keeps a stale hosts file: %v", f.view.Container.ID, err)
		return nil
	}
	f.state.State = hostsstore.FileID{}
	return err
}

func (e *Edit) edit(f *file) error {
	open, err := etchosts.OpenIn(f.dir, f.name, e.Marker)
	if errors.Is(err, fs.ErrNotExist) && f.create {
		if err := e.recorded(f); err != nil {
			return err
		}
		return e.make(f, nil)
	}
	if err != nil {
		return err
	}
	known := hostsstore.FileID(open.State()) == f.state.State
	if !known {
		if err := e.recorded(f); err != nil {
			return errors.Join(err, open.Close())
		}
	}
	e.restore(f, open, !known)
	if f.whole || !known || f.state.Gathered > 0 {
		err = e.reconcile(f, open)
	} else {
		err = e.live(f, open)
	}
	if err == nil {
		err = e.gather(f, open)
	}
	if err == nil {
		var state etchosts.State
		state, err = open.Settle()
		f.state.State = hostsstore.FileID(state)
	}
	f.changed = open.Changed()
	if err = errors.Join(err, open.Close()); err == nil && f.view.Container == nil && f.state.State.Size-f.state.User > f.limit() {
		return e.make(f, e.others(f))
	}
	return err
}

// recorded returns why a peer's file is not that of a container: not each operation looks at all records. Of a container that has gone the
// error is fs.ErrNotExist.
func (e *Edit) recorded(f *file) error {
	if !f.peer {
		return nil
	}
	path := e.Namespace.RecordPath(f.view.Container.ID)
	if err := safefile.CheckDir(filepath.Dir(path)); err != nil {
		return err
	}
	_, err := safefile.Anywhere.Lstat(path)
	return err
}

// others returns what somebody else has written into a network's file, as far as it is not too much to be kept.
func (e *Edit) others(f *file) []byte {
	if f.state.User == 0 || f.state.User > leastLimit {
		return nil
	}
	text, err := f.dir.ReadString(f.name, f.state.State.Size)
	if err != nil {
		return nil
	}
	return []byte(strings.Join(etchosts.Examine(e.Marker, text).User, "\n"))
}

// live makes the changes alone; where the file is not as remembered all of it is compared.
func (e *Edit) live(f *file, open *etchosts.File) error {
	if e.meetsRemote(f) {
		return e.reconcile(f, open)
	}
	stay := e.staying(f)
	for i := range e.arrives {
		c := &e.arrives[i]
		if len(stay) > 0 && len(f.linesOf(c.older())) > 0 { // it has become younger than others who share a name
			return e.reconcile(f, open)
		}
		text := without(f.text(c), stay)
		if text != "" && len(f.linesOf(c.younger())) > 0 { // it has got a name of others who stand above it
			return e.reconcile(f, open)
		}
		if err := e.enter(f, open, c, text); err != nil {
			return err
		}
	}
	for i := range e.leaves {
		err := e.leave(f, open, &e.leaves[i], without(f.text(&e.leaves[i]), stay))
		if errors.Is(err, etchosts.ErrChanged) {
			return e.again(f, open)
		}
		if err != nil {
			return err
		}
	}
	return e.exchange(f, open)
}

// again compares the whole of a file that is not as the index has it.
func (e *Edit) again(f *file, open *etchosts.File) error {
	if _, err := open.Refresh(); err != nil {
		return err
	}
	return e.reconcile(f, open)
}

// text returns the lines of a change in the file, "" if it does not concern it.
func (f *file) text(c *change) string {
	if c.Container == f.view.Container || !f.view.Sees(c.Attachment.Network) {
		return ""
	}
	return f.view.Lines(&c.Member)
}

// staying returns the lines that both come and go, with an attachment that changes: they stand already.
func (e *Edit) staying(f *file) map[string]bool {
	if len(e.arrives) == 0 || len(e.leaves) == 0 {
		return nil
	}
	leave := map[string]bool{}
	for i := range e.leaves {
		for line := range strings.Lines(f.text(&e.leaves[i])) {
			leave[line] = true
		}
	}
	stay := map[string]bool{}
	for i := range e.arrives {
		for line := range strings.Lines(f.text(&e.arrives[i])) {
			if leave[line] {
				stay[line] = true
			}
		}
	}
	return stay
}

func without(text string, lines map[string]bool) string {
	if len(lines) == 0 {
		return text
	}
	var rest strings.Builder
	for line := range strings.Lines(text) {
		if !lines[line] {
			rest.WriteString(line)
		}
	}
	return rest.String()
}

// enter adds lines of an attachment.
func (e *Edit) enter(f *file, open *etchosts.File, c *change, text string) error {
	if text == "" {
		return nil
	}
	f.belongs(len(text))
	room, err := e.room(f, open, c, len(text))
	if err != nil {
		return err
	}
	if done, err := open.Reuse(etchosts.Room(room), text); err != nil {
		return err
	} else if done {
		f.take(room, len(text))
		return nil
	}
	f.tight = true
	_, err = open.Append(text)
	return err
}

// linesOf returns the lines that the viewer has of the attachments.
func (f *file) linesOf(list []roster.Placed) []string {
	var out []string
	for _, p := range list {
		if p.Container == f.view.Container || !f.view.Sees(p.Attachment.Network) {
			continue // its own names stand above all peers: they are in no peer's line
		}
		m := roster.MemberOf(p)
		out = slices.AppendSeq(out, strings.Lines(f.view.Lines(&m)))
	}
	return out
}

// leave strikes lines of an attachment.
func (e *Edit) leave(f *file, open *etchosts.File, c *change, text string) error {
	if text == "" {
		return nil
	}
	f.belongs(-len(text))
	guesses, behind := e.guesses(f, c, len(text)), len(text)
	for line := range strings.Lines(text) {
		behind -= len(line)
		off, err := open.StrikeLine(line, e.before(f, line, behind), guesses...)
		if err != nil {
			return err
		}
		f.give(hostsstore.Room{Offset: off, Length: len(line)})
	}
	return nil
}

// belongs notes how much more belongs into the file.
func (f *file) belongs(more int) {
	f.state.Belongs += int64(more)
	f.state.Most = max(f.state.Most, f.state.Belongs)
}

const (
	leastLimit = 64 << 10        // bytes that any hosts file may have
	grace      = 2 * time.Second // within which whoever has begun to read a file is done
)

// limit returns how many bytes of ours a file may have before something is done about it: four times what belongs into the file
// of a network, or the most that ever did into a container's, which cannot shrink.
func (f *file) limit() int64 {
	if f.view.Container == nil {
		return max(leastLimit, roster.Growth*f.state.Belongs)
	}
	return limit(f.state)
}

// limit is that of a container's file. When much less belongs into it than did once it is still within what a file may hold.
func limit(h *hostsstore.Hosts) int64 {
	return max(leastLimit, min(roster.Growth*h.Most, roster.Growth*h.Belongs+roster.Spare().Bytes))
}

// gather copies what lives to the beginning of a container's file that is half as large as it may be, so that it has room at its end
// again. The copies at the end are struck by a later operation. That of a network is made anew in time: if no later operation came, a
// DNS server would give each address twice.
func (e *Edit) gather(f *file, open *etchosts.File) error {
	if f.view.Container == nil || !f.tight && !e.Gather || f.state.Gathered > 0 || open.State().Size-f.state.User <= f.limit()/2 {
		return nil
	}
	copied, err := open.Gather(e.boundsNow(f))
	if errors.Is(err, etchosts.ErrTooLarge) {
		return nil
	}
	if copied {
		f.state.Gathered, f.state.Rooms = e.Now, nil
	}
	return err
}

// boundsNow returns what the file may hold, and at least what we have made of it.
func (e *Edit) boundsNow(f *file) etchosts.Bounds {
	b := f.view.Bounds(e.sizes())
	b.Bytes = max(b.Bytes, f.state.State.Size)
	return b
}

// reconcile compares the whole file with what it has to hold.
func (e *Edit) reconcile(f *file, open *etchosts.File) error {
	gathered, size := f.state.Gathered > 0, open.State().Size
	layout, err := open.Reconcile(etchosts.Wish{
		Bounds: e.boundsNow(f),
		Blocks: func(userNames []string) []string {
			if c := f.view.Container; c != nil {
				c.UserNames = userNames
				f.view = &roster.Viewer{Container: c}
			}
			blocks := e.members.Blocks(f.view)
			f.belongs(sum(blocks) - int(f.state.Belongs))
			return blocks
		},
		Known:    e.members.Known(f.view, e.Went, e.remoteWent(f.view)),
		Gathered: gathered,
		Patient:  gathered && e.Now-f.state.Gathered < grace,
	})
	if err != nil {
		return err
	}
	f.tight = f.tight || open.State().Size > size
	f.state.User, f.state.Rooms = layout.User, nil
	for _, r := range layout.Rooms {
		f.state.Rooms = append(f.state.Rooms, hostsstore.Room(r))
	}
	if !layout.Doubled {
		f.state.Gathered = 0
	}
	return nil
}

func sum(blocks []string) int {
	n := 0
	for _, b := range blocks {
		n += len(b)
	}
	return n
}

// make writes a file that is not there yet, or that of a network anew. The head of a container's is that of the configuration.
func (e *Edit) make(f *file, head []byte) error {
	if c := f.view.Container; c != nil {
		head, c.UserNames = e.Base()
		f.view = &roster.Viewer{Container: c}
	}
	blocks := e.members.Blocks(f.view)
	data, _ := etchosts.Render(e.Marker, head, blocks)
	path := f.dir.Path(f.name)
	if err := e.Dir.MakeDir(filepath.Dir(path)); err != nil {
		return err
	}
	if err := hostsstore.WriteFile(path, data); err != nil {
		return err
	}
	open, err := etchosts.OpenIn(f.dir, f.name, e.Marker)
	if err != nil {
		return err
	}
	f.changed = true
	e.grant(f, open)
	belongs := int64(sum(blocks))
	*f.state = hostsstore.Hosts{State: hostsstore.FileID(open.State()), Belongs: belongs, Most: belongs, User: int64(len(head))}
	return open.Close()
}
