package blackbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/etcfiles/etcfiles/integration/internal/plugin"
)

func (w *world) cmdHosts(ts *testscript.TestScript, args []string) {
	show(ts, placeOf(w.dataDir, args[0]).hosts())
}

func (w *world) cmdResolvConf(ts *testscript.TestScript, args []string) {
	show(ts, placeOf(w.dataDir, args[0]).own("resolv.conf"))
}

func (w *world) cmdHostname(ts *testscript.TestScript, args []string) {
	show(ts, placeOf(w.dataDir, args[0]).own("hostname"))
}

func show(ts *testscript.TestScript, path string) {
	b, err := os.ReadFile(path)
	ts.Check(err)
	_, err = ts.Stdout().Write(b)
	ts.Check(err)
}

func (w *world) cmdLive(ts *testscript.TestScript, args []string) {
	entries, err := placeOf(w.dataDir, args[0]).entries()
	ts.Check(err)
	for _, line := range liveLines(entries) {
		fmt.Fprintln(ts.Stdout(), line)
	}
}

func cmdResolves(ts *testscript.TestScript, neg bool, args []string) {
	compareWords(ts, neg, args, lookup)
}

func cmdLists(ts *testscript.TestScript, neg bool, args []string) {
	compareWords(ts, neg, args, namesOf)
}

// compareWords reads PLACE KEY WORD... and holds what the place has for the key against the words.
func compareWords(ts *testscript.TestScript, neg bool, args []string, find func([]entry, string) []string) {
	if len(args) < 2 || neg != (len(args) == 2) {
		ts.Fatalf("usage: PLACE KEY WORD... or, with !, PLACE KEY")
	}
	p := placeOf(worldOf(ts).dataDir, args[0])
	entries, err := p.entries()
	ts.Check(err)
	if got := find(entries, args[1]); !slices.Equal(got, args[2:]) {
		b, _ := os.ReadFile(p.hosts()) // for the message only
		ts.Fatalf("%s has %q for %s, want %q:\n%s", args[0], got, args[1], args[2:], b)
	}
}

// cmdMeta reads ID PATH VALUE; a step of the path that is a number is an index.
func cmdMeta(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: meta ID PATH VALUE")
	}
	b, err := os.ReadFile(placeOf(worldOf(ts).dataDir, args[0]).meta())
	ts.Check(err)
	var v any
	ts.Check(json.Unmarshal(b, &v))
	for _, step := range strings.Split(args[1], ".") {
		switch x := v.(type) {
		case plugin.Object:
			v = x[step]
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i >= len(x) {
				v = nil
				break
			}
			v = x[i]
		default:
			v = nil
		}
	}
	if neg {
		if v != nil {
			ts.Fatalf("%s is %v", args[1], v)
		}
		return
	}
	if fmt.Sprint(v) != args[2] {
		ts.Fatalf("%s is %v, want %s:\n%s", args[1], v, args[2], b)
	}
}

func (w *world) cmdGone(ts *testscript.TestScript, ids []string) {
	for _, id := range ids {
		p := placeOf(w.dataDir, id)
		for _, dir := range []string{filepath.Dir(p.hosts()), filepath.Dir(p.own("hostname"))} {
			left, err := takeSnapshot(dir)
			ts.Check(err)
			for path := range left {
				ts.Fatalf("%s is left", path)
			}
		}
	}
}

func (w *world) cmdEmpty(ts *testscript.TestScript, _ []string) {
	left, err := takeSnapshot(w.dataDir)
	ts.Check(err)
	for path, content := range left {
		ts.Fatalf("%s is left: %s", path, content)
	}
}

func (w *world) cmdMode(ts *testscript.TestScript, args []string) {
	info, err := os.Lstat(filepath.Join(w.dataDir, args[0]))
	ts.Check(err)
	if got := fmt.Sprintf("%04o", info.Mode().Perm()); got != args[1] {
		ts.Fatalf("%s has mode %s, want %s", args[0], got, args[1])
	}
}

func (w *world) cmdInodes(ts *testscript.TestScript, _ []string) {
	found, err := inodes(w.dataDir)
	ts.Check(err)
	w.inodes = found
}

func (w *world) cmdSameInodes(ts *testscript.TestScript, _ []string) {
	found, err := inodes(w.dataDir)
	ts.Check(err)
	for path, inode := range w.inodes {
		if now, ok := found[path]; ok && now != inode {
			ts.Fatalf("%s has another inode", path)
		}
	}
}

func (w *world) cmdSnapshot(ts *testscript.TestScript, _ []string) {
	s, err := takeSnapshot(w.dataDir)
	ts.Check(err)
	w.snapshot = s
}

func (w *world) cmdUnchanged(ts *testscript.TestScript, _ []string) {
	s, err := takeSnapshot(w.dataDir)
	ts.Check(err)
	ts.Check(sameStore(w.snapshot, s))
}

func sameStore(before, after snapshot) error {
	if diff := cmp.Diff(before, after); diff != "" {
		return errors.New("the store has changed (-before +after):\n" + diff)
	}
	return nil
}
