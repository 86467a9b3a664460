package faults

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// kind is what a recorded change does.
type kind string

const (
	makeFile kind = "create"
	makeDir  kind = "mkdir"
	rename   kind = "rename" // within a directory
	remove   kind = "remove"
	write    kind = "write"
	truncate kind = "truncate"
	chmod    kind = "chmod"
	fsync    kind = "fsync"
)

// event is one change of a file system. Directories and files have a number each, the root has 0; a number is never
// used again.
type event struct {
	kind   kind
	dir    int // in which name is
	name   string
	to     string // of a rename
	inode  int
	offset int64 // of a write; length of a truncation
	data   []byte
	mode   fs.FileMode
}

func (e event) String() string {
	return fmt.Sprintf("%s %d/%s %s (inode %d, offset %d, %d bytes)", e.kind, e.dir, e.name, e.to, e.inode, e.offset, len(e.data))
}

// onDirectory tells a change of a directory from one of a file.
func (e event) onDirectory() bool {
	return slices.Contains([]kind{makeFile, makeDir, rename, remove}, e.kind)
}

// recorder follows the changes below a root.
type recorder struct {
	root       string
	operations int
	events     []event
	tree       tree
	inodes     int
	written    map[int]int64 // where write(2) goes on
}

func newRecorder(root string) *recorder {
	return &recorder{root: root, tree: newTree(), written: map[int]int64{}}
}

// find returns the chain of entries to a path below the root, all but the last of which must be there.
func (d *recorder) find(path string) ([]entry, error) {
	rel, err := filepath.Rel(d.root, path)
	if err != nil {
		return nil, err
	}
	var chain []entry
	dir := 0
	parts := strings.Split(rel, "/")
	for i, name := range parts {
		inode, ok := d.tree.names[dir][name]
		if !ok {
			inode = -1
			if i < len(parts)-1 {
				return nil, fmt.Errorf("%s: the recorder knows no %s", path, name)
			}
		}
		chain = append(chain, entry{dir, name, inode})
		dir = inode
	}
	return chain, nil
}

// record takes a call.
func (d *recorder) record(l syscallLine) error {
	at := 0
	if slices.Contains([]string{"openat", "mkdirat", "unlinkat", "renameat", "fchmodat"}, l.name) {
		at = 1
	}
	path := file(l.args[0])
	if at == 1 {
		path = l.text(1)
	}
	if !strings.HasPrefix(path, d.root+"/") {
		return nil
	}
	chain, err := d.find(path)
	if err != nil {
		return err
	}
	last := chain[len(chain)-1]
	e := event{dir: last.dir, name: last.name, inode: last.inode}
	switch l.name {
	case "openat":
		return d.open(l, e)
	case "mkdirat":
		e.kind, e.mode = makeDir, fs.FileMode(l.number(2))
		e.inode = d.next()
	case "unlinkat":
		e.kind = remove
	case "renameat":
		e.kind, e.to = rename, filepath.Base(l.text(3))
		if filepath.Dir(l.text(3)) != filepath.Dir(path) {
			return fmt.Errorf("%s is renamed to %s, another directory", path, l.text(3))
		}
	case "write":
		e.kind, e.offset, e.data = write, d.written[e.inode], []byte(l.text(1))
		d.written[e.inode] += l.result
	case "pwrite64":
		e.kind, e.offset, e.data = write, l.number(3), []byte(l.text(1))
	case "pwritev2":
		if l.args[len(l.args)-1] != "RWF_APPEND" || l.args[3] != "1" {
			return fmt.Errorf("the recorder does not know such a pwritev2 %v", l.args)
		}
		_, data, _ := strings.Cut(l.args[1], "iov_base=")
		e.kind, e.offset, e.data = write, d.size(e.inode), []byte(unhex(strings.Trim(data, `"`)))
	case "ftruncate":
		e.kind, e.offset = truncate, l.number(1)
	case "fchmod", "fchmodat":
		e.kind, e.mode = chmod, fs.FileMode(l.number(at+1))
	case "fsync":
		e.kind = fsync
	default:
		return fmt.Errorf("the recorder does not know %s", l.name)
	}
	if e.inode < 0 {
		return fmt.Errorf("%s %s: the recorder does not know the file", l.name, path)
	}
	if e.kind == write {
		e.data = e.data[:l.result]
	}
	d.add(e)
	return nil
}

// open records what an open creates or truncates.
func (d *recorder) open(l syscallLine, e event) error {
	flags := strings.Split(l.args[2], "|")
	d.written[e.inode] = 0
	switch {
	case e.inode < 0 && slices.Contains(flags, "O_CREAT"):
		e.kind, e.inode, e.mode = makeFile, d.next(), fs.FileMode(l.number(3))
	case e.inode < 0:
		return fmt.Errorf("%s: the recorder does not know the file", e.name)
	case slices.Contains(flags, "O_TRUNC"):
		e.kind = truncate
	default:
		return nil
	}
	d.add(e)
	return nil
}

func (d *recorder) next() int {
	d.inodes++
	return d.inodes
}

func (d *recorder) add(e event) {
	d.events = append(d.events, e)
	d.tree.apply(e)
}

func (d *recorder) size(inode int) int64 {
	return int64(len(content(d.events, inode)))
}

// compare holds what was recorded against the directory.
func (d *recorder) compare(t *testing.T) {
	t.Helper()
	have := map[string]string{}
	err := filepath.WalkDir(d.root, func(path string, e fs.DirEntry, err error) error {
		if err != nil || path == d.root {
			return err
		}
		rel, _ := filepath.Rel(d.root, path)
		if e.IsDir() {
			have[rel] = "directory"
			return nil
		}
		b, err := os.ReadFile(path)
		have[rel] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{}
	for path, inode := range d.tree.paths() {
		want[path] = "directory"
		if d.tree.names[inode] == nil {
			want[path] = string(content(d.events, inode))
		}
	}
	if diff := cmp.Diff(have, want); diff != "" {
		t.Fatalf("the record differs from the directory (-directory +record):\n%s", diff)
	}
}
