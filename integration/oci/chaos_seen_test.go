package oci

import (
	"fmt"
	"slices"
	"strings"
	"sync"
)

// sightings says what may be seen in a container's hosts file. Who gets which address is the IPAM plugin's matter: the first
// one that is seen counts, for everybody.
type sightings struct {
	mu         sync.Mutex
	clock      int64
	generation int // how many times the data directory was emptied
	owners     map[string]*owner
}

// owner is a container by its name, which only it ever has in this round.
type owner struct {
	networks   []string
	generation int
	stays      bool
	since      int64             // when it was certainly there, and stays
	gone       int64             // when it certainly was there no more; 0 while it may be
	addresses  map[string]string // by network
}

func newSightings() *sightings { return &sightings{owners: map[string]*owner{}} }

func (s *sightings) now() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.clock
}

// may says that from now on a container may be there.
func (s *sightings) may(name string, networks []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.owners[name] = &owner{networks: networks, generation: s.generation, addresses: map[string]string{}}
}

// stays says that from now on it is there.
func (s *sightings) stays(r *running) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clock++
	o := s.owners[r.id]
	o.stays, o.since = true, s.clock
}

// isGone says that from now on it is not.
func (s *sightings) isGone(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clock++
	s.owners[name].gone = s.clock
}

// empty says that from now on nobody knows of anybody.
func (s *sightings) empty() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clock++
	s.generation++
}

// networkOf is the network that has an address, by the numbers that addNetwork gives; "" for none.
func networkOf(address string) string {
	switch {
	case strings.HasPrefix(address, "10.231.10."):
		return "lab"
	case strings.HasPrefix(address, "10.231.20."):
		return "back"
	}
	return ""
}

// compare finds names that are missing in what a container has read at a time or later, and false ones: of nobody, of
// somebody who was gone before, with another's address, of another network.
func (s *sightings) compare(text, reader string, since int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	self := s.owners[reader]
	have := map[[2]string]bool{} // name and network
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		words := strings.Fields(line)
		if len(words) == 0 || words[0] == "127.0.0.1" || words[0] == "::1" {
			continue
		}
		network := networkOf(words[0])
		if len(words) < 2 || !slices.Contains(self.networks, network) {
			return fmt.Errorf("%s reads %q, which is of none of its networks %v", reader, line, self.networks)
		}
		name := words[1]
		o := s.owners[name]
		if err := s.possible(o, self, since); err != "" {
			return fmt.Errorf("%s reads %q: %s", reader, strings.TrimSpace(line), err)
		}
		if o.addresses[network] == "" {
			o.addresses[network] = words[0]
		}
		if o.addresses[network] != words[0] {
			return fmt.Errorf("%s reads %q, but it has the address %s", reader, strings.TrimSpace(line), o.addresses[network])
		}
		have[[2]string{name, network}] = true
	}
	for name, o := range s.owners {
		if !o.stays || o.since > since || o.generation != self.generation {
			continue
		}
		for _, network := range o.networks {
			if slices.Contains(self.networks, network) && !have[[2]string{name, network}] {
				return fmt.Errorf("%s reads nothing of %s on %s", reader, name, network)
			}
		}
	}
	return nil
}

// possible says what is wrong with the line of a container in another's file: "" for nothing.
func (s *sightings) possible(o, reader *owner, since int64) string {
	switch {
	case o == nil:
		return "nobody has that name"
	case o.generation > reader.generation:
		return "the directory was emptied before that one came"
	case o.generation < reader.generation && o.stays:
		return "the directory was emptied after that one came"
	case reader.generation < s.generation: // its file stays as it was
		return ""
	case o.gone > 0 && o.gone <= since:
		return "it is gone"
	}
	return ""
}

// only is compare when nobody is there but those who stay.
func (s *sightings) only(text, reader string) error {
	s.mu.Lock()
	s.clock++
	for _, o := range s.owners {
		if !o.stays && o.gone == 0 {
			o.gone = s.clock
		}
	}
	s.mu.Unlock()
	return s.compare(text, reader, s.now())
}
