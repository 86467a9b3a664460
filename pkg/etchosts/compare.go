package etchosts

import (
	"slices"
	"strings"
)

// Difference is what Reconcile would change in a file. Lines have no newline.
type Difference struct {
	Missing   []string // wanted, and in none of our regions
	Misplaced []string // wanted, and before a line that they must follow
	Extra     []string // in our regions, and not wanted
	Twice     []string // wanted, and in our regions more than once
	Markers   []int    // line numbers, from 1, of markers that open or close nothing
	UserNames []string // the lower-case names, sorted, in lines that are not ours; no difference
}

// None reports that Reconcile would change nothing.
func (d *Difference) None() bool {
	return len(d.Missing)+len(d.Misplaced)+len(d.Extra)+len(d.Twice)+len(d.Markers) == 0
}

// Common returns what is in both of two looks at a file, one after the other. Lines may have moved in between, so of markers it returns the
// later ones if both have some.
func (d Difference) Common(later Difference) Difference {
	both := func(was, is []string) []string {
		return slices.DeleteFunc(slices.Clone(is), func(line string) bool { return !slices.Contains(was, line) })
	}
	later.Missing, later.Misplaced = both(d.Missing, later.Missing), both(d.Misplaced, later.Misplaced)
	later.Extra, later.Twice = both(d.Extra, later.Extra), both(d.Twice, later.Twice)
	if len(d.Markers) == 0 {
		later.Markers = nil
	}
	return later
}

// Compare tells what Reconcile would do, and changes nothing. The error is ErrTooLarge for a file beyond the bounds.
func (f *File) Compare(w Wish) (Difference, error) {
	if err := f.Within(w.Bounds.Bytes); err != nil {
		return Difference{}, err
	}
	buffer := buffers.Get().(*[]byte)
	defer buffers.Put(buffer)
	text, err := f.load(buffer, 0, f.state.Size)
	if err != nil {
		return Difference{}, err
	}
	if d, ok := glance(f.marker, w, text); ok {
		return d, nil
	}
	return f.compare(w, string(text))
}

// compare takes the text of the file apart.
func (f *File) compare(w Wish, text string) (Difference, error) {
	p, plan, layout, err := f.planFor(w, text)
	if err != nil {
		return Difference{}, err
	}
	d := Difference{UserNames: layout.UserNames}
	if !w.Patient {
		plan.strike = append(plan.strike, plan.double...)
	}
	for _, off := range slices.Sorted(slices.Values(slices.Concat(p.opens, p.closes))) {
		d.Markers = append(d.Markers, 1+strings.Count(p.text[:off], "\n"))
	}
	if len(plan.strike) == 0 && !slices.ContainsFunc(plan.where, func(w place) bool { return w != kept }) {
		return d, nil
	}
	struck := map[string]bool{}
	for _, e := range plan.strike {
		struck[e.text] = true
	}
	standing, lacking := map[string]bool{}, map[string]bool{} // of those
	for i, line := range plan.lines {
		switch {
		case !struck[line]:
			if plan.where[i] != kept {
				d.Missing = append(d.Missing, bare(line))
			}
		case plan.where[i] == kept:
			standing[line] = true
		default:
			lacking[line] = true
		}
	}
	for _, e := range plan.strike {
		line := bare(e.text)
		switch {
		case e.strayed: // it is written anew where it belongs
		case lacking[e.text]:
			d.Misplaced = append(d.Misplaced, line)
		case standing[e.text]:
			d.Twice = append(d.Twice, line)
		default:
			d.Extra = append(d.Extra, line)
		}
	}
	return d, nil
}

// bare returns a copy of a line without its newline, which does not keep the text of the file in memory.
func bare(line string) string { return strings.Clone(strings.TrimSuffix(line, "\n")) }
