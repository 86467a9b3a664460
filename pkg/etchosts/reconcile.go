package etchosts

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
)

// Layout is what Reconcile has learnt and made.
type Layout struct {
	// Offsets has the offset in bytes of every wanted block, 0 for one that is empty or stands in parts.
	Offsets []int64
	// UserNames are the lower-case names, sorted, in lines that are not ours.
	UserNames []string
}

// Reconcile brings the file to the wanted blocks by live edits: what is missing is added, what is wrong is struck,
// markers that open or close nothing are spoilt, and no byte of the user changes. want is called with the names that
// the user's own lines hold and returns the blocks in their order; of two blocks with a name in common the earlier
// one stands earlier in the file. known tells of a line in a broken region whether it was written by us. A file beyond
// the bounds is left alone; the error is ErrTooLarge then.
func (f *File) Reconcile(b Bounds, want func(userNames []string) []string, known func(line string) bool) (Layout, error) {
	text, err := f.read(b.Bytes)
	if err != nil {
		return Layout{}, err
	}
	p, err := parse(f.marker, text, b, known)
	if err != nil {
		return Layout{}, fmt.Errorf("%s: %w", f.path, err)
	}
	layout := Layout{UserNames: slices.Sorted(maps.Keys(p.userNames))}
	blocks := want(layout.UserNames)

	plan := newPlan(p, blocks)
	if err := f.spoil(p.closes); err != nil {
		return Layout{}, err
	}
	if err := plan.add(f); err != nil {
		return Layout{}, err
	}
	for _, e := range plan.strike {
		if err := f.writeAt([]byte{'#'}, e.off); err != nil {
			return Layout{}, err
		}
		if err := f.blank(e.off, len(e.text)); err != nil {
			return Layout{}, err
		}
	}
	// Last: without its marker nobody could tell any more that what is left of a broken region is ours.
	if err := f.spoil(p.opens); err != nil {
		return Layout{}, err
	}
	layout.Offsets = plan.offsets(blocks)
	return layout, nil
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

// place says what is to be done for a wanted line.
type place int

const (
	kept   place = iota // it stands already
	inSlot              // it goes into the room that struck lines left
	atEnd               // it is appended
)

// plan pairs the wanted lines with the lines of a file.
type plan struct {
	lines  []string // wanted, in order
	where  []place
	at     []int64 // offset of each wanted line; far for one that is still to be appended
	blank  []slot  // room that is to be blanked before it is used
	strike []entry
	room   []slot
	whole  []slot // room before anything was taken from it
}

// far is beyond the offset of every line.
const far = int64(1) << 62

func newPlan(p *parsed, blocks []string) *plan {
	pl := &plan{}
	for _, block := range blocks {
		for line := range strings.Lines(block) {
			pl.lines = append(pl.lines, line)
		}
	}
	pl.at = make([]int64, len(pl.lines))
	pl.where = make([]place, len(pl.lines))
	if pl.same(p.live) {
		return pl
	}
	pl.room, pl.whole = p.room, slices.Clone(p.room)

	standing := map[string][]int{} // text to indexes in p.live
	oldest := map[string]int64{}   // name to the greatest offset of a line of the file that has it
	for i, e := range p.live {
		if !e.strayed {
			standing[e.text] = append(standing[e.text], i)
		}
		Names(e.text, func(_ netip.Addr, name string) { oldest[strings.ToLower(name)] = e.off })
	}
	used := make([]bool, len(p.live))
	last := map[string]int64{} // name to the offset of the last wanted line that has it
	for i, line := range pl.lines {
		beyond, beyondAll := int64(-1), int64(-1)
		each := func(do func(name string)) {
			Names(line, func(_ netip.Addr, name string) { do(strings.ToLower(name)) })
		}
		each(func(name string) {
			if off, ok := last[name]; ok {
				beyond = max(beyond, off)
			}
			if off, ok := oldest[name]; ok {
				beyondAll = max(beyondAll, off)
			}
		})
		if j := standingBeyond(standing[line], p.live, used, beyond); j >= 0 {
			used[j] = true
			pl.at[i] = p.live[j].off
		} else {
			pl.take(i, max(beyond, beyondAll), len(line))
		}
		each(func(name string) { last[name] = pl.at[i] })
	}
	for i, e := range p.live {
		if !used[i] {
			pl.strike = append(pl.strike, e)
		}
	}
	return pl
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

// take finds room for wanted line i beyond the offset, in a slot or at the end.
func (pl *plan) take(i int, beyond int64, length int) {
	for j := range pl.room {
		s := &pl.room[j]
		if s.off <= beyond || s.length < length {
			continue
		}
		if *s == pl.whole[j] {
			pl.blank = append(pl.blank, *s)
		}
		pl.at[i], pl.where[i] = s.off, inSlot
		s.off += int64(length)
		s.length -= length
		return
	}
	pl.at[i], pl.where[i] = far, atEnd
}

// same reports the common case, a file that already has exactly the wanted lines in order.
func (pl *plan) same(live []entry) bool {
	if len(live) != len(pl.lines) {
		return false
	}
	for i, e := range live {
		if e.text != pl.lines[i] || e.strayed {
			return false
		}
		pl.at[i] = e.off
	}
	return true
}

// add writes the wanted lines that are missing.
func (pl *plan) add(f *File) error {
	for _, s := range pl.blank {
		if err := f.blank(s.off, s.length); err != nil {
			return err
		}
	}
	var tail []int
	for i, line := range pl.lines {
		switch pl.where[i] {
		case kept:
		case inSlot:
			if err := f.revive(pl.at[i], line); err != nil {
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

// offsets returns where each block stands, 0 unless its lines are neighbours.
func (pl *plan) offsets(blocks []string) []int64 {
	out := make([]int64, len(blocks))
	i := 0
	for b, block := range blocks {
		var next int64
		for n, line := range slices.Collect(strings.Lines(block)) {
			switch {
			case n == 0:
				out[b] = pl.at[i]
			case pl.at[i] != next:
				out[b] = 0
			}
			next = pl.at[i] + int64(len(line))
			i++
		}
	}
	return out
}
