package cluster

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"net/netip"
	"slices"
	"strings"

	"github.com/etcfiles/etcfiles/pkg/iprange"
)

// MaxPerHost is the most attachments of one host that are believed, the oldest: one host cannot fill the files of the others.
const MaxPerHost = 2000

// MaxLines and MaxBytes are how many lines of one host, and bytes in them, are believed, those of its oldest attachments: more of a host the
// store of a reader does not take, and MaxPerHost with a few names each have far less.
const (
	MaxLines = 10_000
	MaxBytes = 1 << 20
)

// Rules are what a reader knows of a network from itself.
type Rules struct {
	Self      string                     // the name of this host
	Own       []iprange.Range            // the addresses that it gives out
	Revision  int64                      // at which its record was last written; 0 while it is not there
	Addresses map[netip.Addr]bool        // of its own containers
	Published []netip.Addr               // those of them that others are told
	Within    []iprange.Range            // all addresses of the network; empty for any
	Shared    bool                       // hosts have no ranges of their own: one allocator gives out all addresses
	Granted   map[string][]iprange.Range // the administrator's word; nil if there is none, else only this counts
	MaxNames  int                        // lines of other hosts in the hosts file of a container
}

// Host is what a host has in a network.
type Host struct {
	Name     string
	Record   *Record // nil if there is none, or none that can be read
	Revision int64   // at which the record was last written
	Entries  []Entry
}

// Entry is an attachment of a host, as old as its key.
type Entry struct {
	Peer
	Created     int64 // revision
	NetworkOnly bool  // it is for the hosts file of the network, and no container's
}

// Equal reports whether another entry says the same and is as old.
func (e Entry) Equal(o Entry) bool {
	return e.Created == o.Created && e.NetworkOnly == o.NetworkOnly && e.ID == o.ID && e.IfName == o.IfName &&
		slices.Equal(e.Addresses, o.Addresses) && slices.Equal(e.Names, o.Names)
}

// Why is the reason why something is not believed; it is the value of a label in metrics.
type Why string

// The reasons.
const (
	Malformed Why = "malformed" // the value cannot be read, or parts of it
	Qualified Why = "qualified" // the name has a dot, and does not end in that of the network
	NoRecord  Why = "record"    // the host does not say who it is
	Overlap   Why = "overlap"   // another host has said before that it gives out these addresses
	Ungranted Why = "ungranted" // the administrator has not granted the addresses to the host
	OwnRange  Why = "own"       // the addresses are of this host
	Outside   Why = "outside"   // the addresses are not in the network, or not in the ranges of the host
	Taken     Why = "taken"     // another attachment has the address, since before
	TooMany   Why = "toomany"   // the host has more attachments than MaxPerHost
	TooLarge  Why = "toolarge"  // the host has more lines than MaxLines, or more bytes in them than MaxBytes
)

// Refusal is something of a host that is not believed.
type Refusal struct {
	Host    string // "" for a key that is of none
	Why     Why
	Message string // for people, about the first case
	Count   int    // of attachments or addresses; 1 for a whole host
}

// String says who and what it is about, for people.
func (r Refusal) String() string {
	if r.Host == "" {
		return r.Message
	}
	return "host " + r.Host + ": " + r.Message
}

// Decision is what a reader makes of a network.
type Decision struct {
	Imports map[string][]Entry // by host, in the order of the age of their keys
	Lines   int                // in a hosts file: one for each address of each entry, more where names do not fit one
	Beyond  int                // how many of the lines are for the network's hosts file only
	Refused []Refusal          // ordered by host and reason, one for each pair
}

// Decide says which names of other hosts a reader takes over, and which not.
//
//   - An address of one of its own containers, or in its own range, is never taken over.
//   - Nor is one outside the network, or outside the ranges of its host; that one of this host is so is said too. A range that is not wholly in the network claims nothing.
//   - Of two hosts whose ranges overlap the one counts whose record was written first; nothing of the other does. That it is this host that was
//     second is said too.
//   - If the administrator grants ranges, a host has those and no other.
//   - Where an allocator is shared, no host has ranges, and of two claims to one address the older key counts; so it does among those of one host.
//   - What one host says is bounded: its oldest attachments count.
//   - Containers' hosts files have as many lines as are allowed. Where that is not all, no host lacks any that has no more than an equal
//     share; of who has more the oldest entries count.
func Decide(rules Rules, hosts []Host) Decision {
	d := &decider{Rules: rules, refused: map[refusedKey]*Refusal{}}
	hosts = slices.Clone(hosts)
	slices.SortFunc(hosts, func(a, b Host) int {
		return cmp.Or(cmp.Compare(a.Revision, b.Revision), strings.Compare(a.Name, b.Name))
	})
	out := Decision{Imports: map[string][]Entry{}}
	owner := map[netip.Addr]string{}
	if rules.Shared {
		owner = d.owners(hosts)
	}
	for _, h := range d.admit(hosts) {
		entries, lines := d.bounded(h, d.believed(h, owner))
		if out.Lines += lines; len(entries) > 0 {
			out.Imports[h.Name] = entries
		}
	}
	out.limit(rules.MaxNames)
	for _, key := range slices.SortedFunc(maps.Keys(d.refused), refusedKey.compare) {
		out.Refused = append(out.Refused, *d.refused[key])
	}
	return out
}

// decider is one decision that is being made.
type decider struct {
	Rules
	refused map[refusedKey]*Refusal
}

type refusedKey struct {
	host string
	why  Why
}

func (k refusedKey) compare(o refusedKey) int {
	return cmp.Or(strings.Compare(k.host, o.host), strings.Compare(string(k.why), string(o.why)))
}

func (d *decider) refuse(host string, why Why, format string, args ...any) {
	key := refusedKey{host, why}
	if d.refused[key] == nil {
		d.refused[key] = &Refusal{Host: host, Why: why, Message: fmt.Sprintf(format, args...)}
	}
	d.refused[key].Count++
}

// admitted is a host whose attachments are looked at.
type admitted struct {
	Host
	ranges []iprange.Range
}

// admit returns the hosts whose word counts, with the ranges that are theirs. hosts are ordered by the revisions of their records.
func (d *decider) admit(hosts []Host) []admitted {
	var out []admitted
	own := admitted{Host{Name: d.Self, Revision: d.Revision}, d.Own}
	if own.Revision == 0 {
		own.Revision = math.MaxInt64 // not written yet: after all others
	}
	if d.Granted != nil && !d.Shared {
		for _, r := range d.Own {
			if !iprange.Covers(d.Granted[d.Self], r) {
				d.refuse(d.Self, Ungranted, "not all of the addresses %v of this host are granted to it, and other hosts refuse names with the rest: grant them, or change the conflist", r)
			}
		}
		own.ranges = d.Granted[d.Self]
	}
	for _, addr := range d.Published {
		if _, why := reachable(addr); why == nil && !d.Shared && !iprange.Contain(own.ranges, addr) && !iprange.Contain(d.Own, addr) {
			d.refuse(d.Self, Outside, "a container of this host has %v, which is not in its ranges, and other hosts refuse it: start the service anew if the conflist has changed, or the container if it is of before", addr)
		}
	}
	before := []admitted{}
	placed := d.Shared
	place := func() {
		if placed {
			return
		}
		placed = true
		for _, b := range before {
			if mine, theirs, found := iprange.Overlap(own.ranges, b.ranges); found {
				d.refuse(d.Self, Overlap, "the addresses %v of this host overlap %v of %s, which was first: no other host takes its names over until the conflist has a range of its own", mine, theirs, b.Name)
				return
			}
		}
		before = append(before, own)
	}
	for _, h := range hosts {
		switch {
		case h.Name == d.Self:
			continue
		case h.Record == nil:
			d.refuse(h.Name, NoRecord, "the host has attachments, and no record that can be read")
			continue
		}
		a := admitted{Host: h}
		if !d.Shared {
			if h.Revision > own.Revision {
				place()
			}
			if a.ranges = d.rangesOf(h); len(a.ranges) == 0 || !d.first(a, before) {
				continue
			}
			before = append(before, a)
		}
		out = append(out, a)
	}
	place()
	return out
}

// rangesOf returns the ranges that are the host's.
func (d *decider) rangesOf(h Host) []iprange.Range {
	if d.Granted != nil {
		if len(d.Granted[h.Name]) == 0 {
			d.refuse(h.Name, Ungranted, "no addresses are granted to the host: etcfiles-etcd grant --range says how")
		}
		return d.Granted[h.Name]
	}
	var out []iprange.Range
	for _, r := range h.Record.Ranges {
		if len(d.Within) > 0 && !iprange.Covers(d.Within, r) {
			d.refuse(h.Name, Outside, "its range %v is not within the network", r)
			continue
		}
		out = append(out, r)
	}
	if len(h.Record.Ranges) == 0 {
		d.refuse(h.Name, Outside, "the host has no ranges, and the network is not \"shared\" here")
	}
	return out
}

// first reports whether no host before has an address of this one's ranges.
func (d *decider) first(a admitted, before []admitted) bool {
	for _, b := range before {
		if theirs, other, found := iprange.Overlap(a.ranges, b.ranges); found {
			d.refuse(a.Name, Overlap, "its addresses %v overlap %v of %s, which was first: give it a range of its own", theirs, other, b.Name)
			return false
		}
	}
	return true
}

// oldest returns a host's attachments, oldest first, as many as are believed.
func (d *decider) oldest(h admitted) []Entry {
	entries := slices.Clone(h.Entries)
	slices.SortFunc(entries, func(a, b Entry) int {
		return cmp.Or(cmp.Compare(a.Created, b.Created), strings.Compare(a.ID, b.ID), strings.Compare(a.IfName, b.IfName))
	})
	if len(entries) > MaxPerHost {
		d.refuse(h.Name, TooMany, "the host has more than %d attachments: the rest is left out", MaxPerHost)
		entries = entries[:MaxPerHost]
	}
	return entries
}

// believed returns a host's attachments with the addresses that are taken over, each where it was claimed first.
func (d *decider) believed(h admitted, owner map[netip.Addr]string) []Entry {
	var out []Entry
	has := map[netip.Addr]string{} // container
	for _, e := range d.oldest(h) {
		believed := e
		believed.Addresses = nil
		for _, addr := range e.Addresses {
			if !d.believe(h, addr, owner) {
				continue
			}
			if first, ok := has[addr]; ok {
				d.refuse(h.Name, Taken, "container %s has %v, which container %s of the host has had for longer", e.ID, addr, first)
				continue
			}
			has[addr] = e.ID
			believed.Addresses = append(believed.Addresses, addr)
		}
		if len(believed.Addresses) > 0 {
			out = append(out, believed)
		}
	}
	return out
}

// bounded returns as many of a host's attachments as it may have, and their lines.
func (d *decider) bounded(h admitted, entries []Entry) (_ []Entry, lines int) {
	sum := 0
	for i := range entries {
		l, bytes := entries[i].size()
		if sum += bytes; sum > MaxBytes || lines+l > MaxLines {
			for range entries[i:] {
				d.refuse(h.Name, TooLarge, "the names of the host take more than %d lines or %d bytes: those of its youngest containers are left out", MaxLines, MaxBytes)
			}
			return entries[:i], lines
		}
		lines += l
	}
	return entries, lines
}

// believe reports whether an address of a host is taken over.
func (d *decider) believe(h admitted, addr netip.Addr, owner map[netip.Addr]string) bool {
	switch {
	case d.Addresses[addr]:
		d.refuse(h.Name, OwnRange, "it has %v, which is the address of a container here", addr)
	case !d.Shared && iprange.Contain(d.Own, addr):
		d.refuse(h.Name, OwnRange, "it has %v, which only this host gives out", addr)
	case len(d.Within) > 0 && !iprange.Contain(d.Within, addr):
		d.refuse(h.Name, Outside, "it has %v, which is not within the network", addr)
	case !d.Shared && !iprange.Contain(h.ranges, addr):
		d.refuse(h.Name, Outside, "it has %v, which is not in its ranges", addr)
	case d.Shared && owner[addr] != h.Name:
		d.refuse(h.Name, Taken, "it has %v, which %s has had for longer", addr, owner[addr])
	default:
		return true
	}
	return false
}

// owners returns which host has an address: the one with the oldest key for it.
func (d *decider) owners(hosts []Host) map[netip.Addr]string {
	type claim struct {
		host    string
		created int64
	}
	first := map[netip.Addr]claim{}
	for _, h := range hosts {
		if h.Record == nil || h.Name == d.Self {
			continue
		}
		for _, e := range h.Entries {
			for _, addr := range e.Addresses {
				c := claim{h.Name, e.Created}
				if f, ok := first[addr]; !ok || c.created < f.created || c.created == f.created && c.host < f.host {
					first[addr] = c
				}
			}
		}
	}
	out := map[netip.Addr]string{}
	for addr, c := range first {
		out[addr] = c.host
	}
	return out
}
