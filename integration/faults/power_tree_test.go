package faults

import (
	"maps"
	"slices"
)

// entry is a name in a directory.
type entry struct {
	dir   int
	name  string
	inode int
}

// tree is the directories of a file system: number to names to numbers.
type tree struct {
	names map[int]map[string]int
}

func newTree() tree { return tree{map[int]map[string]int{0: {}}} }

// apply makes a change of a directory. One that rests on a change that was lost is lost with it.
func (tr tree) apply(e event) {
	dir := tr.names[e.dir]
	if dir == nil {
		dir = map[string]int{} // of a directory that has no name yet
		tr.names[e.dir] = dir
	}
	switch e.kind {
	case makeFile:
		dir[e.name] = e.inode
	case makeDir:
		dir[e.name] = e.inode
		if tr.names[e.inode] == nil {
			tr.names[e.inode] = map[string]int{}
		}
	case rename:
		if inode, ok := dir[e.name]; ok {
			delete(dir, e.name)
			dir[e.to] = inode
		}
	case remove:
		delete(dir, e.name)
	}
}

// paths returns the path of every file and directory.
func (tr tree) paths() map[string]int {
	out := map[string]int{}
	var walk func(dir int, prefix string)
	walk = func(dir int, prefix string) {
		for name, inode := range tr.names[dir] {
			out[prefix+name] = inode
			if tr.names[inode] != nil {
				walk(inode, prefix+name+"/")
			}
		}
	}
	walk(0, "")
	return out
}

func (tr tree) sortedPaths() []string { return slices.Sorted(maps.Keys(tr.paths())) }
