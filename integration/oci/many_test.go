package oci

import (
	"fmt"
	"sync"
	"testing"

	"github.com/etcfiles/etcfiles/integration/internal/worlds"
)

// TestMany starts 50 containers at once, each by a process of the runtime and of the hook: then every one knows every
// name. Deleted at once, nothing is left of them.
func TestMany(t *testing.T) {
	for _, runtime := range worlds.Runtimes {
		t.Run(runtime, func(t *testing.T) {
			w := testWorld(t, runtime)
			if err := w.addNetwork("lab", false, false); err != nil {
				t.Fatal(err)
			}
			const n = 50
			var all []container
			for i := range n {
				c := parseContainer(fmt.Sprintf("c%d", i))
				all = append(all, c)
				if err := w.makeBundle(c); err != nil {
					t.Fatal(err)
				}
				if err := w.addHooks(c, []string{"--name", c.id}); err != nil {
					t.Fatal(err)
				}
			}
			for _, c := range all {
				if err := w.begin(c); err != nil {
					t.Fatal(err)
				}
			}
			for _, c := range all {
				if stdout, stderr, err := w.finish(c); err != nil || stdout+stderr != "" {
					t.Errorf("start of %s: %v: %s%s", c.id, err, stdout, stderr)
				}
			}
			if t.Failed() {
				return
			}
			w.expectAllKnown(t, all)
			if err := w.left(ofRunning(n)); err != nil {
				t.Error(err)
			}
			var deletions sync.WaitGroup
			for _, c := range all {
				deletions.Go(func() {
					if err := w.deleteSilently(c); err != nil {
						t.Error(err)
					}
				})
			}
			deletions.Wait()
			if err := w.left(nil); err != nil {
				t.Error(err)
			}
		})
	}
}

// expectAllKnown checks that every container has one address for each name, and that all agree.
func (w *world) expectAllKnown(t *testing.T, all []container) {
	t.Helper()
	agreed, owner := map[string]string{}, map[string]string{}
	for _, of := range all {
		for _, name := range all {
			addresses, text, err := w.resolve(of.id, name.id)
			if err != nil {
				t.Fatal(err)
			}
			if len(addresses) != 1 {
				t.Fatalf("%s knows %s as %v:\n%s", of.id, name.id, addresses, text)
			}
			if agreed[name.id] == "" {
				agreed[name.id] = addresses[0]
				if owner[addresses[0]] != "" {
					t.Errorf("%s is the address of %s and of %s", addresses[0], name.id, owner[addresses[0]])
				}
				owner[addresses[0]] = name.id
			}
			if agreed[name.id] != addresses[0] {
				t.Errorf("%s knows %s as %s, others as %s", of.id, name.id, addresses[0], agreed[name.id])
			}
		}
	}
}

// testWorld makes a world that ends with the test.
func testWorld(t *testing.T, runtime string) *world {
	t.Helper()
	t.Parallel()
	w, err := newWorld(t.TempDir(), runtime)
	if err != nil {
		t.Fatal(err)
	}
	worlds.EndAfter(t, w)
	return w
}
