package faults

import (
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// content returns what a file holds after the events.
func content(events []event, inode int) []byte {
	var b []byte
	for _, e := range events {
		if e.inode == inode {
			b = e.applyTo(b)
		}
	}
	return b
}

func (e event) applyTo(b []byte) []byte {
	switch e.kind {
	case write:
		b = resized(b, max(len(b), int(e.offset)+len(e.data)))
		copy(b[e.offset:], e.data)
	case truncate:
		b = resized(b, int(e.offset))
	}
	return b
}

func resized(b []byte, size int) []byte {
	if size <= len(b) {
		return b[:size]
	}
	return append(b, make([]byte, size-len(b))...)
}

// order is what a file system promises of changes of directories.
type order int

const (
	journal order = iota // they get to the disk in their order, as with ext4 and XFS
	treeLog              // as well, but synced files go ahead with their paths alone, as with btrfs
	loose                // each directory by itself: weaker than what any of these promises
	orders
)

func (o order) String() string { return [...]string{"journal", "tree log", "loose"}[o] }

// crash is one way in which a power loss may end.
type crash struct {
	at      int // events that were done
	order   order
	reached int  // of those, changes of directories that have reached the disk
	data    fate // of files, or fates for each its own
	seed    uint64
}

func (c crash) describe(events []event) string {
	last := "nothing"
	if c.at > 0 {
		last = events[c.at-1].String()
	}
	return fmt.Sprintf("power loss after change %d of %d, %s; %d reached the disk (%s), data %s, seed %d",
		c.at, len(events), last, c.reached, c.order, c.data, c.seed)
}

// disk is what is left: path to content, or nil for a directory.
type disk map[string]*blob

type blob struct {
	data []byte
	mode fs.FileMode
}

// lose returns what the power loss leaves of the events.
func (c crash) lose(all []event) disk {
	events := all[:c.at]
	rng := rand.New(rand.NewPCG(c.seed, uint64(c.at)))
	tr := newTree()
	limit := map[int]int{}
	for i, e := range events {
		to := c.reached
		if c.order == loose {
			if _, ok := limit[e.dir]; !ok {
				limit[e.dir] = c.reached + rng.IntN(c.at-c.reached+1)
			}
			to = limit[e.dir]
		}
		if i < to && e.onDirectory() {
			tr.apply(e)
		}
	}
	if c.order == treeLog {
		tr = tr.logged(events, c.reached)
	}
	modes := map[int]fs.FileMode{}
	for i, e := range events {
		switch {
		case e.kind == makeFile || e.kind == makeDir:
			modes[e.inode] = e.mode
		case e.kind == chmod && i < c.reached:
			modes[e.inode] = e.mode
		}
	}
	d := disk{}
	paths := tr.paths()
	for _, path := range tr.sortedPaths() {
		inode := paths[path]
		if tr.names[inode] != nil {
			d[path] = &blob{nil, modes[inode] | fs.ModeDir}
			continue
		}
		f := c.data
		if f == fates {
			f = fate(rng.IntN(int(fates)))
		}
		d[path] = &blob{f.after(events, inode, rng), modes[inode]}
	}
	return d
}

// logged returns the tree with the files that were synced after so many events, under the names that they had when the
// last of them was. Where they would take the place of others the file system brings all changes to the disk instead.
func (tr tree) logged(events []event, reached int) tree {
	last, synced := reached, map[int]bool{}
	for i, e := range events[reached:] {
		if e.kind == fsync {
			last = reached + i
			synced[e.inode] = true
		}
	}
	then := newTree()
	for _, e := range events[:last] {
		if e.onDirectory() {
			then.apply(e)
		}
	}
	paths := then.paths()
	for path, inode := range paths {
		if !synced[inode] {
			continue
		}
		dir, parts := 0, strings.Split(path, "/")
		for i, name := range parts {
			next := paths[strings.Join(parts[:i+1], "/")]
			if old, ok := tr.names[dir][name]; ok && old != next {
				return then
			}
			k := makeDir
			if i == len(parts)-1 {
				k = makeFile
			}
			tr.apply(event{kind: k, dir: dir, name: name, inode: next})
			dir = next
		}
	}
	return tr
}

// write makes the files below a new directory.
func (d disk) write(root string) error {
	err := os.Mkdir(root, 0o755)
	for _, path := range slices.Sorted(maps.Keys(d)) {
		b := d[path]
		if err != nil {
			return err
		}
		if path = filepath.Join(root, path); b.mode.IsDir() {
			err = os.Mkdir(path, b.mode.Perm())
		} else {
			err = os.WriteFile(path, b.data, b.mode)
		}
	}
	return err
}
