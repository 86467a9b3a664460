package faults

import (
	"math/rand/v2"
	"strings"
)

// fate is what a power loss makes of writes that were not synced.
type fate int

const (
	kept    fate = iota
	lost         // the file is as it was synced, empty if it never was
	zeroed       // the size is there, the bytes beyond what was synced are not
	garbage      // the size is there, the bytes beyond what was synced are those of a deleted file
	torn         // each sector has a fate of its own
	some         // some of the writes are lost
	fates
)

func (f fate) String() string {
	return [...]string{"kept", "lost", "zeroed", "garbage", "torn", "some", "mixed"}[f]
}

const sector = 512

// after returns what a file holds after a power loss.
func (f fate) after(events []event, inode int, rng *rand.Rand) []byte {
	synced := 0
	for i, e := range events {
		if e.inode == inode && e.kind == fsync {
			synced = i
		}
	}
	base, all := content(events[:synced], inode), content(events, inode)
	switch f {
	case lost:
		return base
	case some:
		b := base
		for _, e := range events[synced:] {
			if e.inode == inode && rng.IntN(2) == 0 {
				b = e.applyTo(b)
			}
		}
		return b
	case kept:
		return all
	}
	b := append([]byte(nil), all...)
	for from := 0; from < len(all); from += sector {
		to := min(from+sector, len(all))
		part := f
		if f == torn {
			part = []fate{kept, lost, zeroed, garbage}[rng.IntN(4)]
		}
		if part != kept { // what was synced is there, as it was or as it is
			copy(b[from:to], base[min(from, len(base)):])
		}
		fresh := b[min(max(from, len(base)), to):to]
		switch part {
		case lost, zeroed:
			clear(fresh)
		case garbage:
			copy(fresh, deleted(len(fresh), rng))
		}
	}
	if f == torn && rng.IntN(3) == 0 {
		b = b[:len(b)-rng.IntN(len(b)-min(len(base), len(b))+1)]
	}
	return b
}

// deleted returns bytes as a deleted file may have left them: random ones, or names that nobody has any more.
func deleted(n int, rng *rand.Rand) []byte {
	b := []byte(strings.Repeat("\n10.66.6.6       stale stale.lab a b localhost\n", 1+n/40))[:n]
	if rng.IntN(2) == 0 {
		for i := range b {
			b[i] = byte(rng.Uint32())
		}
	}
	return b
}
