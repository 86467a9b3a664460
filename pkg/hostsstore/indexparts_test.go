package hostsstore

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// populate adds containers to an index, each on the networks.
func populate(ix *Index, prefix string, containers int, networks ...string) {
	for i := range containers {
		c := &Container{ID: fmt.Sprintf("%s%d", prefix, i), Created: []string{HostsFile}}
		for k, network := range networks {
			c.Attachments = append(c.Attachments, Attachment{Sequence: ix.NextSequence, Network: network, IfName: fmt.Sprint("eth", k), Names: []string{c.ID}})
			ix.NextSequence++
		}
		ix.Containers[c.ID] = c
	}
	for _, network := range networks {
		ix.Networks[network] = &Hosts{Belongs: int64(containers)}
	}
}

// large is an index with three parts: a with b, c, and d; a few are on e, and on no network.
func large() *Index {
	ix := NewIndex("boot")
	populate(ix, "a", 100, "a")
	populate(ix, "b", 10, "b")
	populate(ix, "ab", 1, "b", "a")
	populate(ix, "c", 100, "c")
	populate(ix, "d", 200, "d")
	populate(ix, "e", 3, "e")
	populate(ix, "none", 2)
	ix.Containers["d7"].Foreign = true
	ix.Containers["c7"].PodUID = "uid"
	ix.Base = Base{File: FileID{1, 2, 3}, Names: []string{"x"}}
	ix.Containers["a1"].UserNames = []string{"x"}
	return ix
}

func files(t *testing.T, n *Namespace) []string {
	t.Helper()
	entries, err := os.ReadDir(n.indexDir())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// prefixes says of which groups an index has containers.
func prefixes(ix *Index) string {
	set := map[string]bool{}
	for id := range ix.Containers {
		set[strings.TrimRight(id, "0123456789")] = true
	}
	return strings.Join(slices.Sorted(maps.Keys(set)), " ")
}

func TestPartsRoundTrip(t *testing.T) {
	n := Dir(t.TempDir()).Namespace("ns")
	for range 3 { // in other slots each time
		if err := n.WriteIndex(large()); err != nil {
			t.Fatal(err)
		}
	}
	got, err := n.LoadIndex("boot")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(large(), got, address); diff != "" {
		t.Error(diff)
	}
	for _, c := range []struct {
		network string
		pods    bool
		want    string
	}{
		{"a", false, "a ab b e none"},
		{"b", false, "a ab b e none"},
		{"c", false, "c e none"},
		{"e", false, "e none"},
		{"new", false, "e none"},
		{"", false, "e none"},
		{"e", true, "c e none"},
	} {
		ix := n.ReadPart("boot", c.network, c.pods)
		if got := prefixes(ix); got != c.want || !ix.Partial() || ix.Len() != 416 || !ix.Foreign() {
			t.Errorf("for %q, pods %t there are %s: %d in all", c.network, c.pods, got, ix.Len())
		}
		if err := n.LoadRest(ix); err != nil || ix.Partial() || ix.Len() != 416 {
			t.Errorf("the rest: %v", err)
		}
	}
}

// TestPartStays: an operation on one network leaves the parts of the others as they are, and parts become one and two again.
func TestPartStays(t *testing.T) {
	n := Dir(t.TempDir()).Namespace("ns")
	if err := n.WriteIndex(large()); err != nil {
		t.Fatal(err)
	}
	want := large()
	change := func(network string, do func(ix *Index)) {
		t.Helper()
		do(want)
		ix := n.ReadPart("boot", network, false)
		if err := n.TakeIndex([]string{network}); err != nil {
			t.Fatal(err)
		}
		do(ix)
		if err := n.WriteIndex(ix); err != nil {
			t.Fatal(err)
		}
		got, err := n.LoadIndex("boot")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got, address); diff != "" {
			t.Fatal(diff)
		}
		if diff := cmp.Diff(len(got.parts)+1, len(files(t, n))); diff != "" {
			t.Fatalf("%d parts, and %v", len(got.parts), files(t, n))
		}
	}
	change("c", func(ix *Index) { delete(ix.Containers, "c3") })
	change("a", func(ix *Index) { populate(ix, "more", 5, "a") })
	change("a", func(ix *Index) { delete(ix.Containers, "ab0") })
	change("b", func(ix *Index) { populate(ix, "b", 100, "b") })
	change("c", func(ix *Index) { populate(ix, "cf", 80, "c", "f") })
	change("f", func(ix *Index) {
		maps.DeleteFunc(ix.Containers, func(_ string, c *Container) bool {
			return slices.ContainsFunc(c.Attachments, func(a Attachment) bool { return a.Network == "f" })
		})
	})
	change("new", func(ix *Index) { populate(ix, "new", 65, "new") })
	change("d", func(ix *Index) {
		maps.DeleteFunc(ix.Containers, func(id string, _ *Container) bool { return id[0] == 'd' })
	})
	if err := n.RemoveCaches(); err != nil || len(files(t, n)) > 0 {
		t.Errorf("%v, and left are %v", err, files(t, n))
	}
}

// TestPartGone: whatever is deleted of an index, or is of another one, is no index, and an operation that was cut off leaves
// the one before it whole.
func TestPartGone(t *testing.T) {
	n := Dir(t.TempDir()).Namespace("ns")
	written := func() []string {
		t.Helper()
		if err := errors.Join(n.DropIndex(), n.WriteIndex(large())); err != nil {
			t.Fatal(err)
		}
		return slices.DeleteFunc(files(t, n), func(name string) bool { return !strings.HasPrefix(name, partPrefix) })
	}
	for i := range written() {
		path := n.indexDir() + "/" + written()[i]
		for what, spoil := range map[string]func() error{
			"gone":    func() error { return os.Remove(path) },
			"cut":     func() error { return os.Truncate(path, 1000) },
			"another": func() error { return os.WriteFile(path, []byte(partHeader+"\t1\t\n"+indexFooter), 0o600) },
			"a link":  func() error { return errors.Join(os.Rename(path, path+"x"), os.Symlink(path+"x", path)) },
		} {
			if written(); n.ReadIndex("boot") == nil {
				t.Fatal("there is no index")
			}
			if err := spoil(); err != nil {
				t.Fatal(err)
			}
			if n.ReadIndex("boot") != nil {
				t.Errorf("with a part that is %s there is an index", what)
			}
			if _, err := n.LoadIndex("boot"); err == nil || errors.Is(err, fs.ErrNotExist) {
				t.Errorf("with a part that is %s: %v", what, err)
			}
			if err := errors.Join(os.RemoveAll(path), os.RemoveAll(path+"x")); err != nil {
				t.Fatal(err)
			}
		}
	}
	written()
	later := n.ReadPart("boot", "a", false)
	if err := n.TakeIndex([]string{"a"}); err != nil {
		t.Fatal(err)
	}
	delete(later.Containers, "a9")
	_, parts := later.split()
	for _, p := range parts {
		if p.read {
			if err := n.putCache(n.partPath(p.slot), p.encode()); err != nil { // and is killed
				t.Fatal(err)
			}
		}
	}
	want := large()
	want.Interrupted, want.Taken = true, []string{"a"}
	if diff := cmp.Diff(want, n.ReadIndex("boot"), address); diff != "" {
		t.Error(diff)
	}
	if err := n.WriteIndex(large()); err != nil {
		t.Fatal(err)
	}
	if err := n.RemoveCaches(); err != nil || len(files(t, n)) > 0 {
		t.Errorf("%v, and left are %v", err, files(t, n))
	}
}

// TestSlotInTheWay: what stands in the place of a part is taken away, as it is in that of the index.
func TestSlotInTheWay(t *testing.T) {
	n := Dir(t.TempDir()).Namespace("ns")
	for slot := range 6 {
		if err := os.MkdirAll(n.partPath(slot), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := n.WriteIndex(large()); err != nil || n.ReadIndex("boot") == nil {
		t.Errorf("%v, or there is no index", err)
	}
	if err := n.RemoveCaches(); err != nil || len(files(t, n)) > 0 {
		t.Errorf("%v, and left are %v", err, files(t, n))
	}
}

// TestAstray: an index that would contradict itself is not written.
func TestAstray(t *testing.T) {
	n := Dir(t.TempDir()).Namespace("ns")
	if err := n.WriteIndex(large()); err != nil {
		t.Fatal(err)
	}
	ix := n.ReadPart("boot", "a", false)
	populate(ix, "stray", 1, "c")
	if err := n.WriteIndex(ix); err != nil || n.ReadIndex("boot") != nil {
		t.Errorf("%v, or there is an index", err)
	}
}

// TestGroups: no network is in two groups, and each container in one, whoever is on which networks.
func TestGroups(t *testing.T) {
	for seed := range uint64(50) {
		r := rand.New(rand.NewPCG(seed, 1))
		ix := NewIndex("boot")
		for i := range 100 {
			c := &Container{ID: fmt.Sprint(i)}
			for range r.IntN(4) {
				c.Attachments = append(c.Attachments, Attachment{Network: fmt.Sprint(r.IntN(2 + int(seed)*3))})
			}
			ix.Containers[c.ID] = c
		}
		groupOf, n := map[string]int{}, 0
		for i, group := range ix.groups() {
			for _, c := range group {
				n++
				for _, a := range c.Attachments {
					if g, known := groupOf[a.Network]; known && g != i {
						t.Fatalf("seed %d: network %s is in two groups", seed, a.Network)
					}
					groupOf[a.Network] = i
				}
			}
		}
		if n != 100 {
			t.Errorf("seed %d: %d containers", seed, n)
		}
	}
}

// TestLoadBesideWriter: who looks without the lock sees one index or another, or that one is taken.
func TestLoadBesideWriter(t *testing.T) {
	n := Dir(t.TempDir()).Namespace("ns")
	if err := n.WriteIndex(large()); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		var err error
		for i := 0; i < 300 && err == nil; i++ {
			ix := n.ReadPart("boot", []string{"a", "c", "d"}[i%3], false)
			err = errors.Join(n.TakeIndex(nil), n.WriteIndex(ix))
		}
		done <- err
	}()
	for seen := 0; ; {
		select {
		case err := <-done:
			if err != nil || seen == 0 {
				t.Errorf("%v; seen %d times", err, seen)
			}
			return
		default:
		}
		ix, err := n.LoadIndex("boot")
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			t.Errorf("beside a writer: %v", err)
		case ix.Len() != 416 || ix.Partial():
			t.Errorf("%d containers", ix.Len())
		default:
			seen++
		}
	}
}
