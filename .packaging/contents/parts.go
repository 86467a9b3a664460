package contents

import (
	"path/filepath"
	"strings"
)

// Part is what becomes a package of its own.
type Part string

// The parts.
const (
	// Main is etcfiles with all that needs nothing but the machine that it is on.
	Main Part = "etcfiles"
	// Etcd is etcfiles-etcd, which has a module of its own: what it brings with it is in no other package.
	Etcd Part = "etcfiles-etcd"
)

// Parts are all of them.
func Parts() []Part { return []Part{Main, Etcd} }

// partOf returns the part that a file of plugins/ belongs to.
func partOf(source, path string) Part {
	if name, err := filepath.Rel(filepath.Join(source, "plugins"), path); err == nil && strings.HasPrefix(name, "etcd/") {
		return Etcd
	}
	return Main
}

// part returns the part of a program.
func (p Program) part() Part {
	if p.Kind == "etcd" {
		return Etcd
	}
	return Main
}

// Of returns what of the source is of a part.
func (s *Source) Of(part Part) *Source {
	of := *s
	of.Part, of.Programs = part, nil
	for _, p := range s.Programs {
		if p.part() == part {
			of.Programs = append(of.Programs, p)
		}
	}
	return &of
}

// module returns the directory of the module that the programs of the part are of.
func (s *Source) module() string {
	if s.Part == Etcd && len(s.Programs) > 0 {
		return filepath.Join(s.Root, "plugins/etcd", s.Programs[0].Name)
	}
	return s.Root
}

// of returns the layout of the package of a part, which has documents of its own.
func (l *Layout) of(part Part) *Layout {
	of := *l
	of.Doc = strings.TrimSuffix(of.Doc, string(Main)) + string(part)
	if of.license != "" {
		of.license = strings.TrimSuffix(of.license, string(Main)) + string(part)
	}
	return &of
}
