package etchosts

// Sieve says quickly of most names that they are none of a few, in whatever case: who compares a file asks it for every name
// of every line. The zero value has no name.
type Sieve [4]uint64

// Add adds names. Of as many as it has bits it knows no name that is none of them.
func (s *Sieve) Add(names ...string) {
	if len(names) >= 256 {
		*s = Sieve{all, all, all, all}
		return
	}
	for _, name := range names {
		n, bit := grain(name)
		s[n] |= bit
	}
}

const all = ^uint64(0)

// May reports whether the name may have been added. False is certain.
func (s *Sieve) May(name string) bool {
	n, bit := grain(name)
	return s[n]&bit != 0
}

// Meets reports whether both may have a name in common. False is certain.
func (s *Sieve) Meets(other *Sieve) bool {
	return s[0]&other[0]|s[1]&other[1]|s[2]&other[2]|s[3]&other[3] != 0
}

// grain is one bit of four words, of a hash of the name, eight bytes at a time, in which a letter is the same in both cases.
func grain(name string) (n int, bit uint64) {
	const (
		lower = 0x2020202020202020
		prime = 0x9e3779b97f4a7c15
	)
	h := uint64(len(name))
	for ; len(name) >= 8; name = name[8:] {
		_ = name[7]
		h = (h ^ (lower | uint64(name[0]) | uint64(name[1])<<8 | uint64(name[2])<<16 | uint64(name[3])<<24 |
			uint64(name[4])<<32 | uint64(name[5])<<40 | uint64(name[6])<<48 | uint64(name[7])<<56)) * prime
	}
	last := uint64(0)
	for i := range len(name) {
		last = last<<8 | uint64(name[i]|0x20)
	}
	h = (h ^ last) * prime
	return int(h >> 56 & 3), 1 << (h >> 58)
}
