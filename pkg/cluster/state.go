package cluster

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/etcfiles/etcfiles/pkg/iprange"
)

// maxKept is the most attachments of one host that a State holds: some more than count, so that one that goes makes room for the next.
const maxKept = MaxPerHost + MaxPerHost/10

// maxHeld is about how much memory the attachments of one host may take, in bytes, and roomHeld how much leaves room for another. What counts of a host, MaxBytes
// in lines, takes less: who writes more than that fills no reader's memory.
const (
	maxHeld  = 4 * MaxBytes
	roomHeld = 3 * MaxBytes
)

// State is what a reader holds of a network: what each key says. It is not safe for use from several goroutines.
type State struct {
	network   Network
	qualified bool
	hosts     map[string]*hostState
	granted   map[string][]iprange.Range
	strange   map[string]Refusal // by key: of the administrator's, and those that are of no host
}

// hostState is what a State holds of a host.
type hostState struct {
	record   *Record
	revision int64
	entries  map[string]Entry     // by key
	faults   map[string][]Refusal // by key, one for each reason
	held     int                  // by entries, see maxHeld
	beyond   map[string]bool      // keys that are not held
}

// NewState returns the state of a network without a key. See DecodePeer for qualified.
func NewState(n Network, qualified bool) *State {
	return &State{network: n, qualified: qualified, hosts: map[string]*hostState{}, granted: map[string][]iprange.Range{}, strange: map[string]Refusal{}}
}

// Put notes the value of a key, and the revisions at which the key was made and last written.
func (s *State) Put(key string, value []byte, created, modified int64) {
	s.Delete(key)
	k, err := s.network.ParseKey(key)
	if err != nil {
		if len(s.strange) < MaxPerHost {
			rest := strings.TrimPrefix(key, s.network.Prefix())
			host, _, _ := strings.Cut(rest, "/")
			if CheckHost(host) != nil {
				host = "" // what is not a name is not shown as one
			}
			s.strange[key] = Refusal{Host: host, Why: Malformed, Message: fmt.Sprintf("key %.200q: %v", rest, err), Count: 1}
		}
		return
	}
	switch k.Kind {
	case Granted:
		list, err := DecodeRanges(value)
		if err != nil {
			s.strange[key] = Refusal{Host: k.Host, Why: Malformed, Message: "the granted ranges: " + err.Error(), Count: 1}
		}
		s.granted[k.Host] = list // none, if that cannot be read: it is the administrator's word all the same
	case HostRecord:
		h := s.host(k.Host)
		record, err := DecodeRecord(value)
		if err != nil {
			h.faults[key] = []Refusal{{Host: k.Host, Why: Malformed, Message: "the host's record: " + err.Error(), Count: 1}}
			return
		}
		h.record, h.revision = &record, modified
	case Attachment:
		s.host(k.Host).put(s, k, key, value, created)
	}
}

func (h *hostState) put(s *State, k Key, key string, value []byte, created int64) {
	if len(h.entries)+len(h.faults) >= maxKept {
		h.beyond[key] = true
		return
	}
	peer, left := DecodePeer(s.network, k, value, s.qualified)
	if peer != nil {
		if h.held+peer.memory() > maxHeld {
			h.beyond[key] = true
			return
		}
		h.held += peer.memory()
		h.entries[key] = Entry{Peer: *peer, Created: created}
	}
	for _, l := range left {
		i := slices.IndexFunc(h.faults[key], func(r Refusal) bool { return r.Why == l.Why })
		if i < 0 {
			h.faults[key] = append(h.faults[key], Refusal{Host: k.Host, Why: l.Why, Message: fmt.Sprintf("container %s: %.300s", k.ID, l.What), Count: 1})
			continue
		}
		h.faults[key][i].Count++
	}
}

// memory is about how many bytes the peer takes.
func (p *Peer) memory() int {
	const each = 32 // for what is behind a slice or a text
	sum := each * (len(p.Names) + len(p.Addresses))
	for _, name := range p.Names {
		sum += len(name.String())
	}
	return sum
}

// Delete notes that a key is not there.
func (s *State) Delete(key string) {
	delete(s.strange, key)
	k, err := s.network.ParseKey(key)
	if err != nil {
		return
	}
	if k.Kind == Granted {
		delete(s.granted, k.Host)
		return
	}
	h := s.hosts[k.Host]
	if h == nil {
		return
	}
	if k.Kind == HostRecord {
		h.record, h.revision = nil, 0
	}
	if e, ok := h.entries[key]; ok {
		h.held -= e.memory()
	}
	delete(h.entries, key)
	delete(h.faults, key)
	delete(h.beyond, key)
	if h.record == nil && len(h.entries)+len(h.faults)+len(h.beyond) == 0 {
		delete(s.hosts, k.Host)
	}
}

func (s *State) host(name string) *hostState {
	h := s.hosts[name]
	if h == nil {
		h = &hostState{entries: map[string]Entry{}, faults: map[string][]Refusal{}, beyond: map[string]bool{}}
		s.hosts[name] = h
	}
	return h
}

// Short reports whether a host had more attachments than are held and has room again: then all keys are to be read anew.
func (s *State) Short() bool {
	for _, h := range s.hosts {
		if len(h.beyond) > 0 && len(h.entries)+len(h.faults) < MaxPerHost && h.held < roomHeld {
			return true
		}
	}
	return false
}

// Record returns what a host says of itself, nil for nothing, and the revision at which it was last written.
func (s *State) Record(host string) (*Record, int64) {
	if h := s.hosts[host]; h != nil {
		return h.record, h.revision
	}
	return nil, 0
}

// Hosts returns all hosts, by name.
func (s *State) Hosts() []Host {
	var out []Host
	for _, name := range slices.Sorted(maps.Keys(s.hosts)) {
		h := s.hosts[name]
		out = append(out, Host{Name: name, Record: h.record, Revision: h.revision, Entries: slices.Collect(maps.Values(h.entries))})
	}
	return out
}

// Decide is Decide of what is held, under the reader's rules but for those that the state has itself. What cannot be read is refused too.
func (s *State) Decide(rules Rules) Decision {
	rules.Revision, rules.Granted = 0, nil
	if h := s.hosts[rules.Self]; h != nil {
		rules.Revision = h.revision
	}
	if len(s.granted) > 0 {
		rules.Granted = s.granted
	}
	d := Decide(rules, s.Hosts())
	unread := map[refusedKey]*Refusal{}
	note := func(r Refusal) {
		if r.Host == rules.Self && r.Host != "" {
			return // it says so when it publishes
		}
		key := refusedKey{r.Host, r.Why}
		if unread[key] == nil {
			unread[key] = &r
			return
		}
		unread[key].Count += r.Count
	}
	for _, key := range slices.Sorted(maps.Keys(s.strange)) {
		note(s.strange[key])
	}
	for _, name := range slices.Sorted(maps.Keys(s.hosts)) {
		h := s.hosts[name]
		for _, key := range slices.Sorted(maps.Keys(h.faults)) {
			for _, r := range h.faults[key] {
				note(r)
			}
		}
		if len(h.beyond) > 0 && !slices.ContainsFunc(d.Refused, func(r Refusal) bool { return r.Host == name && r.Why == TooMany }) {
			d.Refused = append(d.Refused, Refusal{Host: name, Why: TooMany, Message: "the host has too many attachments, or too much in them: the rest is left out", Count: len(h.beyond)})
		}
	}
	for _, key := range slices.SortedFunc(maps.Keys(unread), refusedKey.compare) {
		d.Refused = append(d.Refused, *unread[key])
	}
	return d
}
