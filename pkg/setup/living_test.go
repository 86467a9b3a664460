package setup

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/etcfiles/etcfiles/conflists"
	"github.com/etcfiles/etcfiles/pkg/conflist"
)

const crioLab = "/etc/crio/crio.conf"

// TestLivingElsewhere: wherever the network of a living container is by now, the plugin stays where its end looks for it.
func TestLivingElsewhere(t *testing.T) {
	remove := func(h *played, path string) {
		if err := os.Remove(h.in(path)); err != nil {
			h.t.Fatal(err)
		}
	}
	lose := func(h *played) {
		edit, err := conflist.Remove(h.in(example))
		if err == nil {
			err = edit.Apply()
		}
		if err != nil {
			h.t.Fatal(err)
		}
	}
	elsewhere := strings.Replace(string(conflists.Bridge), `"type": "etcfiles"`, `"type": "etcfiles", "dataDir": "/srv/data"`, 1)
	for _, c := range []struct {
		name  string
		list  string        // that is there before
		meant func(*played) // what happens while the container lives
	}{
		{"another directory is configured", "", func(h *played) { h.put(crioLab, "[crio.network]\nnetwork_dir = \"/srv/net.d\"\n", 0o644) }},
		{"the list is gone", "", func(h *played) { remove(h, example) }},
		{"the list was changed", "", func(h *played) { h.put(example, h.text(example)+"\n", 0o644) }},
		{"the list was changed, and is gone", "", func(h *played) {
			h.put(example, h.text(example)+"\n", 0o644)
			remove(h, example)
		}},
		{"the list is the user's", string(conflists.Bridge), func(*played) {}},
		{"the list is the user's, and has lost the plugin", string(conflists.Bridge), lose},
		{"the list is the user's, with a data directory of its own, and has lost the plugin", elsewhere, lose},
	} {
		t.Run(c.name, func(t *testing.T) {
			files := map[string]string{}
			if c.list != "" {
				files[example] = c.list
			}
			h := play(t, files, "/usr/bin/crio")
			h.must(h.Setup("crio"))
			c.meant(h)
			h.Living = func(dataDir, network string) ([]string, error) {
				if (dataDir == "/srv/data") == (c.list == elsewhere) && (network == "" || network == exampleNetwork) {
					return []string{"default/web"}, nil
				}
				return nil, nil
			}
			before := h.everything()
			for _, name := range Runtimes() {
				if p, err := h.Undo(name, "crio"); !errors.Is(err, ErrInUse) {
					t.Errorf("%s: %v: %+v", name, err, p)
				}
			}
			if diff := cmp.Diff(before, h.everything()); diff != "" {
				t.Error(diff)
			}
		})
	}
}
