package etchosts

import (
	"net/netip"
	"strings"
)

// Line is an entry of a hosts file as a resolver reads it, see hosts(5).
type Line struct {
	Number  int // from 1
	Address netip.Addr
	Names   []string
	Ours    bool // it stands between our markers
}

// Survey is what a hosts file holds, for those who only look.
type Survey struct {
	Entries []Line   // in the order of the file
	Lines   int      // of the file, comments and all
	Regions int      // closed ones of ours
	User    []string // lines that are not ours and not blank, without their newline
}

// Examine takes a text apart as a resolver and the editor of this package see it. It changes nothing and knows no bounds: the
// caller has bounded the text.
func Examine(m Marker, text string) Survey {
	var s Survey
	// No text has more markers than bytes.
	_ = scan(m, text, len(text), func(at standing, _ int64, line string) {
		s.Lines++
		switch at {
		case border:
			if strings.HasPrefix(line, strings.TrimSuffix(m.End(), "\n")) {
				s.Regions++
			}
			return
		case outside, inBroken:
			if strings.TrimSpace(line) != "" {
				s.User = append(s.User, strings.TrimSuffix(line, "\n"))
			}
		}
		entry := Line{Number: s.Lines, Ours: at == inRegion}
		Names(line, func(addr netip.Addr, name string) {
			entry.Address = addr
			entry.Names = append(entry.Names, name)
		})
		if len(entry.Names) > 0 {
			s.Entries = append(s.Entries, entry)
		}
	})
	return s
}
