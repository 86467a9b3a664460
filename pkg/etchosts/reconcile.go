package etchosts

import (
	"maps"
	"slices"
	"strings"

	"github.com/etcfiles/etcfiles/pkg/safefile"
)

// Layout is what Reconcile has learnt and made.
type Layout struct {
	// UserNames are the lower-case names, sorted, in lines that are not ours.
	UserNames []string
	// User is how many bytes are not ours.
	User int64
	// Rooms are the largest that struck lines have left, at most maxLearnt.
	Rooms []Room
	// Doubled says that lines stand twice, which only a patient Reconcile leaves.
	Doubled bool
}

// Wish is what a hosts file is to hold.
type Wish struct {
	Bounds Bounds // a file beyond them is left alone
	// Blocks is called with the names that the user's own lines hold, in lower case and sorted, and returns whole lines
	// in their order; of two with a name in common the earlier one stands earlier in the file.
	Blocks func(userNames []string) []string
	// Known tells of a line in a broken region whether it was written by us. It knows every wanted line.
	Known func(line string) bool
	// Shared tells of a wanted line whether another one may have a name of it; nil if that is not known.
	Shared func(line string) bool
	// Gathered says that Gather has made copies: the first copy of each line is to stay.
	Gathered bool
	// Patient leaves the other copies alive, for readers that are past the first ones.
	Patient bool
}

// Reconcile brings the file to what it is to hold by live edits: what is missing is added, what is wrong is struck,
// markers that open or close nothing are spoilt, and no byte of the user changes. The error is ErrTooLarge for a file
// beyond the bounds.
func (f *File) Reconcile(w Wish) (Layout, error) {
	p, plan, layout, err := f.plan(w)
	if err != nil {
		return Layout{}, err
	}
	if err := f.spoil(p.closes); err != nil {
		return Layout{}, err
	}
	if err := plan.add(f); err != nil {
		return Layout{}, err
	}
	if w.Patient {
		layout.Doubled = len(plan.double) > 0
	} else {
		plan.strike = append(plan.strike, plan.double...)
	}
	// The last one first: a reader that takes several reads has then never passed the only copy of a line.
	for _, e := range slices.Backward(plan.strike) {
		if err := f.writeAt([]byte{'#'}, e.off); err != nil {
			return Layout{}, err
		}
		if err := f.blank(e.off, len(e.text)); err != nil {
			return Layout{}, err
		}
		if !e.strayed { // else the room is the user's as soon as the marker is spoilt
			plan.room = append(plan.room, Room{e.off, len(e.text)})
		}
	}
	// Last: without its marker nobody could tell any more that what is left of a broken region is ours.
	if err := f.spoil(p.opens); err != nil {
		return Layout{}, err
	}
	layout.Rooms = largest(plan.room)
	return layout, nil
}

// plan reads the file and finds what has to change.
func (f *File) plan(w Wish) (*parsed, *plan, Layout, error) {
	text, err := f.read(w.Bounds.Bytes)
	if err != nil {
		return nil, nil, Layout{}, err
	}
	return f.planFor(w, text)
}

// planFor finds what has to change in the text of the file.
func (f *File) planFor(w Wish, text string) (*parsed, *plan, Layout, error) {
	p, err := parse(f.marker, text, w.Bounds, w.Known)
	if err != nil {
		return nil, nil, Layout{}, &safefile.ContentError{Path: f.path(), Err: err}
	}
	layout := Layout{UserNames: slices.Sorted(maps.Keys(p.userNames)), User: p.userBytes}
	return p, newPlan(p, w.Blocks(layout.UserNames), copies{w.Gathered, w.Gathered && !w.Patient}), layout, nil
}

// maxLearnt is how many rooms are worth remembering for each file.
const maxLearnt = 8

// largest returns the largest rooms, by their offsets.
func largest(rooms []Room) []Room {
	var out []Room
	for _, r := range rooms {
		if r.Length < minRoom || len(out) == maxLearnt && r.Length <= out[maxLearnt-1].Length {
			continue
		}
		at := len(out)
		for at > 0 && out[at-1].Length < r.Length {
			at--
		}
		out = slices.Insert(out, at, r)
		out = out[:min(len(out), maxLearnt)]
	}
	for i := range out { // few: code that sorts is made for each type anew
		for j := i; j > 0 && out[j].Offset < out[j-1].Offset; j-- {
			out[j], out[j-1] = out[j-1], out[j]
		}
	}
	return out
}

// spoil turns the markers at the offsets into plain comments.
func (f *File) spoil(markers []int64) error {
	for _, off := range markers {
		if err := f.writeAt([]byte{'#'}, off+spoilAt); err != nil {
			return err
		}
	}
	return nil
}

// place says what happens to a wanted line.
type place int

const (
	kept   place = iota // it stands already
	inRoom              // it goes into the room that struck lines left
	atEnd               // it is appended
)

// plan pairs the wanted lines with the lines of a file.
type plan struct {
	lines  []string // wanted, in order
	where  []place  // nil when all stand as they are wanted
	at     []int64  // offset of each wanted line; far for one that is still to be appended; nil likewise
	blank  []Room   // room that is to be blanked before it is used
	strike []entry  // in the order of the file
	double []entry  // second copies of wanted lines, in the order of the file
	room   []Room
	whole  []Room // room before anything was taken from it
}

// far is beyond the offset of every line.
const far = int64(1) << 62

// newPlan looks closely only at what lies between the beginning and the end that the file and the wanted lines have in
// common: in a file of thousands of lines little has changed.
func newPlan(p *parsed, blocks []string, made copies) *plan {
	pl := &plan{lines: inLines(blocks), room: p.room}
	head := pl.common(p)
	if head == len(pl.lines) && head == len(p.live) {
		return pl
	}
	pl.at = make([]int64, len(pl.lines))
	pl.where = make([]place, len(pl.lines))
	for i := range head {
		pl.at[i] = p.live[i].off
	}
	pl.whole = slices.Clone(p.room)
	pl.pair(p, head, made)
	return pl
}

// inLines parts blocks of several lines, which few are.
func inLines(blocks []string) []string {
	one := func(block string) bool { return strings.IndexByte(block, '\n') == len(block)-1 && block != "" }
	whole := 0
	for whole < len(blocks) && one(blocks[whole]) {
		whole++
	}
	if whole == len(blocks) {
		return blocks
	}
	lines := append(make([]string, 0, len(blocks)+1), blocks[:whole]...)
	for _, block := range blocks[whole:] {
		lines = slices.AppendSeq(lines, strings.Lines(block))
	}
	return lines
}

// common returns how many lines at the beginning stand as they are wanted.
func (pl *plan) common(p *parsed) int {
	n := 0
	for n < len(p.live) && n < len(pl.lines) && p.stands(n, pl.lines[n]) {
		n++
	}
	return n
}

// stands reports whether a live line is the wanted one, and stands in a region that is whole.
func (p *parsed) stands(i int, line string) bool {
	e := p.entry(i)
	return e.text == line && !e.strayed
}

// copies says whether Gather has made some, and whether every reader has met the first one of each line.
type copies struct{ made, met bool }

// pair finds for each wanted line beyond the head the line of the file that is it, or a place. Of two wanted lines that
// share a name the earlier one is to stand earlier. At the end of a file that was gathered are the copies that are to go.
func (pl *plan) pair(p *parsed, head int, c copies) {
	tail, live := 0, len(p.live)
	for !c.made && tail < live-head && tail < len(pl.lines)-head && p.stands(live-1-tail, pl.lines[len(pl.lines)-1-tail]) {
		tail++
	}
	middle, after := p.entries(head, live-tail), len(pl.lines)-tail

	// Only the names of what changes can bring an order about that is not there already.
	order := namesOf(middle, pl.lines[head:after])
	copied := map[string]bool{} // of a wanted line the first copy says where it stands; of others too once every reader has met it
	if c.made {
		for _, line := range pl.lines {
			copied[line] = false
		}
	}
	matters := make([]bool, live) // a line of the file has a name that does
	for i := range live {
		e := p.entry(i)
		matters[i] = order.meets(e.text)
		again, wanted := copied[e.text]
		if wanted || c.met {
			copied[e.text] = true
		}
		if !again && matters[i] {
			order.stands(e)
		}
		if i < head && matters[i] {
			order.wanted(e.text, e.off)
		}
	}
	standing := map[string][]int{} // text to indexes in middle
	for i, e := range middle {
		if !e.strayed {
			standing[e.text] = append(standing[e.text], i)
		}
	}
	used := make([]bool, len(middle))
	for i, line := range pl.lines[head:after] {
		i += head
		beyond := order.before(line)
		if j := standingBeyond(standing[line], middle, used, beyond); j >= 0 {
			used[j] = true
			pl.at[i] = middle[j].off
		} else {
			pl.take(i, max(beyond, order.last(line)), len(line))
		}
		order.wanted(line, pl.at[i])
	}
	for i, e := range middle {
		if !used[i] {
			pl.strike = append(pl.strike, e)
		}
	}
	more := false // names matter than did
	for i, line := range pl.lines[after:] {
		e := p.entry(live - tail + i)
		among := more || matters[live-tail+i]
		i += after
		if pl.at[i] = e.off; !among {
			continue
		}
		if order.before(line) > e.off {
			pl.at[i], pl.where[i] = far, atEnd
			pl.strike = append(pl.strike, e)
			order.add(line)
			more = true
		}
		order.wanted(line, pl.at[i])
	}
	pl.spare()
}

// spare parts copies of wanted lines from what is to be struck.
func (pl *plan) spare() {
	if len(pl.strike) == 0 {
		return
	}
	stands := map[string]bool{}
	for _, e := range pl.strike {
		stands[e.text] = false
	}
	for i, line := range pl.lines {
		if _, ok := stands[line]; ok && pl.where[i] == kept {
			stands[line] = true
		}
	}
	strike := pl.strike
	pl.strike = nil
	for _, e := range strike {
		if stands[e.text] && !e.strayed {
			pl.double = append(pl.double, e)
		} else {
			pl.strike = append(pl.strike, e)
		}
	}
}

// standingBeyond returns the first unused of the candidates that stands beyond an offset, or -1.
func standingBeyond(candidates []int, live []entry, used []bool, beyond int64) int {
	for _, j := range candidates {
		if !used[j] && live[j].off > beyond {
			return j
		}
	}
	return -1
}

// take finds room for wanted line i beyond the offset, or the end.
func (pl *plan) take(i int, beyond int64, length int) {
	for j := range pl.room {
		r := &pl.room[j]
		if r.Offset <= beyond || r.Length < length {
			continue
		}
		if *r == pl.whole[j] {
			pl.blank = append(pl.blank, *r)
		}
		pl.at[i], pl.where[i] = r.Offset, inRoom
		r.Offset += int64(length)
		r.Length -= length
		return
	}
	pl.at[i], pl.where[i] = far, atEnd
}

// add writes the wanted lines that are missing.
func (pl *plan) add(f *File) error {
	for _, r := range pl.blank {
		if err := f.blank(r.Offset, r.Length); err != nil {
			return err
		}
	}
	var tail []int
	for i, where := range pl.where {
		switch where {
		case kept:
		case inRoom:
			if err := f.revive(pl.at[i], pl.lines[i]); err != nil {
				return err
			}
		case atEnd:
			tail = append(tail, i)
		}
	}
	return pl.addTail(f, tail)
}

// addTail appends lines in as few writes as their pages allow.
func (pl *plan) addTail(f *File, tail []int) error {
	limit := PageSize - len(f.marker.End())
	for len(tail) > 0 {
		n, length := 0, 0
		for n < len(tail) && length+len(pl.lines[tail[n]]) <= limit {
			length += len(pl.lines[tail[n]])
			n++
		}
		var b strings.Builder
		for _, i := range tail[:n] {
			b.WriteString(pl.lines[i])
		}
		off, err := f.Append(b.String())
		if err != nil {
			return err
		}
		for _, i := range tail[:n] {
			pl.at[i] = off
			off += int64(len(pl.lines[i]))
		}
		tail = tail[n:]
	}
	return nil
}
