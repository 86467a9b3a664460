package etchosts

import (
	"net/netip"
	"strings"
)

// order knows, of the names that matter, in lower case, where lines that have them stand.
type order struct {
	of    map[string]*spots
	sieve Sieve
}

// spots are offsets of lines that share a name.
type spots struct {
	last   int64 // the greatest of a line of the file
	wanted int64 // of the last wanted line so far
}

func namesOf(middle []entry, lines []string) *order {
	o := &order{of: map[string]*spots{}}
	for _, e := range middle {
		o.add(e.text)
	}
	for _, line := range lines {
		o.add(line)
	}
	return o
}

// add makes the names of a line matter.
func (o *order) add(line string) {
	Names(line, func(_ netip.Addr, name string) {
		o.sieve.Add(name)
		if name = strings.ToLower(name); o.of[name] == nil {
			o.of[name] = &spots{last: -1, wanted: -1}
		}
	})
}

// each calls do for the names of a line of ours that matter.
func (o *order) each(line string, do func(s *spots)) {
	line, _, _ = strings.Cut(line, "#")
	_, rest := word(line)
	for name, rest := word(rest); name != ""; name, rest = word(rest) {
		if !o.sieve.May(name) {
			continue
		}
		if s := o.of[strings.ToLower(name)]; s != nil {
			do(s)
		}
	}
}

// meets reports whether a line has a name that matters.
func (o *order) meets(line string) bool {
	met := false
	o.each(line, func(*spots) { met = true })
	return met
}

// stands notes a line of the file.
func (o *order) stands(e entry) { o.each(e.text, func(s *spots) { s.last = max(s.last, e.off) }) }

// wanted notes where a wanted line is going to stand.
func (o *order) wanted(line string, off int64) { o.each(line, func(s *spots) { s.wanted = off }) }

// before returns the offset beyond which a line has to stand, -1 for none.
func (o *order) before(line string) int64 {
	beyond := int64(-1)
	o.each(line, func(s *spots) { beyond = max(beyond, s.wanted) })
	return beyond
}

// last returns the greatest offset of a line of the file that shares a name with this one, -1 for none.
func (o *order) last(line string) int64 {
	beyond := int64(-1)
	o.each(line, func(s *spots) { beyond = max(beyond, s.last) })
	return beyond
}
