package etchosts

import "slices"

// Gather copies live lines into the room that struck ones have left before them, in the order in which they stand, and
// leaves the old copies alive: a reader that is past the new copy of a line finds the old one. Whoever calls a Reconcile
// that is not patient later, when no reader is still on its way, strikes the old copies, and the file has room again
// behind all that lives. It reports whether anything was copied. The error is ErrTooLarge for a file beyond the bounds.
func (f *File) Gather(b Bounds) (bool, error) {
	text, err := f.read(b.Bytes)
	if err != nil {
		return false, err
	}
	p, err := parse(f.marker, text, b, func(string) bool { return false })
	if err != nil {
		return false, err
	}
	if len(p.opens)+len(p.closes) > 0 {
		return false, nil // Reconcile mends it first
	}
	room := slices.Clone(p.room)
	copied := false
	var last int64 // where the line before is going to stand
	for i := range p.live {
		e := p.entry(i)
		for len(room) > 0 && (room[0].Offset < last || room[0].Length < minRoom) {
			room = room[1:]
		}
		fits := slices.IndexFunc(room, func(r Room) bool { return r.Length >= len(e.text) })
		if fits < 0 || room[fits].Offset > e.off {
			last = e.off
			continue
		}
		room = room[fits:]
		r := &room[0]
		if err := f.clear(*r, text[r.Offset:r.end()]); err != nil {
			return copied, err
		}
		if err := f.revive(r.Offset, e.text); err != nil {
			return copied, err
		}
		copied, last = true, r.Offset
		r.Offset += int64(len(e.text))
		r.Length -= len(e.text)
	}
	return copied, nil
}
