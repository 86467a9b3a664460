package etchosts

import (
	"encoding/binary"
	"math/bits"
)

// lineSieve says quickly of most lines that they are none of some thousand. The zero value has no line.
type lineSieve [1 << 8]uint64

func (s *lineSieve) add(line []byte) {
	n, bit := lineGrain(line)
	s[n] |= bit
}

// may reports whether the line may have been added. False is certain.
func (s *lineSieve) may(line []byte) bool {
	n, bit := lineGrain(line)
	return s[n]&bit != 0
}

// lineGrain returns the bit of a line. It looks at the length, the beginning, the middle and the end.
func lineGrain(line []byte) (n int, bit uint64) {
	h := uint64(len(line))
	if len(line) < 8 {
		for _, c := range line {
			h = h<<8 | uint64(c)
		}
	} else {
		h ^= binary.LittleEndian.Uint64(line) ^
			bits.RotateLeft64(binary.LittleEndian.Uint64(line[len(line)/2-4:]), 23) ^
			bits.RotateLeft64(binary.LittleEndian.Uint64(line[len(line)-8:]), 47)
	}
	h *= 0x9e3779b97f4a7c15
	return int(h >> 56), 1 << (h >> 50 & 63)
}
