package cluster

import (
	"cmp"
	"maps"
	"slices"
)

// limit has at most so many lines, with MaxBytes in them, for the hosts files of containers. Where that is not all, each host gets its
// oldest entries as far as its share goes: the shares are as equal as they can be when nobody gets more than he has. So no host, whatever
// it says, takes the place of one that has no more than an equal part; and where all are of one line, who comes moves one out at most.
func (d *Decision) limit(most int) {
	type candidate struct {
		entry        *Entry
		host         string
		lines, bytes int
		share        int // that its host needs for it and all older ones, of the lines or of the bytes, whatever is more
	}
	var all []candidate
	total := 0 // bytes
	for _, host := range slices.Sorted(maps.Keys(d.Imports)) {
		lines, own := 0, 0
		for i := range d.Imports[host] {
			c := candidate{entry: &d.Imports[host][i], host: host}
			c.lines, c.bytes = c.entry.size()
			lines, own = lines+c.lines, own+c.bytes
			c.share = max(lines*MaxBytes, own*most)
			all = append(all, c)
		}
		total += own
	}
	if d.Lines <= most && total <= MaxBytes {
		return
	}
	slices.SortStableFunc(all, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.share, b.share), cmp.Compare(a.entry.Created, b.entry.Created))
	})
	lines, bytes := 0, 0
	full := map[string]bool{} // an older entry of the host had no room
	for _, c := range all {
		if full[c.host] || lines+c.lines > most || bytes+c.bytes > MaxBytes {
			full[c.host] = true
			c.entry.NetworkOnly = true
			d.Beyond += c.lines
			continue
		}
		lines, bytes = lines+c.lines, bytes+c.bytes
	}
}
