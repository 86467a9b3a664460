package faults

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/go-cmp/cmp"

	"github.com/etcfiles/etcfiles/integration/internal/fleet"
)

// checkAlone finds differences between a data directory and what it holds of attachments on one network, each of a
// container of its own, and of nothing else. Where the order is loose only what lists names is looked at: files without a
// record cannot be told from those that an engine has put there.
func checkAlone(root string, o order, live ...fleet.Attachment) error {
	want := map[string]string{}
	var network []string
	for _, a := range live {
		network = append(network, a.Line())
	}
	for _, a := range live {
		records := filepath.Join("etchosts", a.Namespace, a.ID)
		want[filepath.Join(records, "hosts")] = strings.Join(sorted(slices.Concat(fleet.Localhost(), network)), "\n")
		want[filepath.Join(records, "meta.json")] = "0600"
		want[filepath.Join("containers", a.Namespace, a.ID, "resolv.conf")] = "nameserver 192.0.2.53\n"
		want[filepath.Join("containers", a.Namespace, a.ID, "hostname")] = a.ID + "\n"
		want[filepath.Join("networks", a.Namespace, a.Network, "hosts")] = strings.Join(sorted(network), "\n")
	}
	have := map[string]string{}
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		if len(live) > 0 && strings.HasPrefix(rel, "index/") {
			return nil // caches
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		have[rel] = string(b)
		switch mode := info.Mode(); {
		case e.Name() == "meta.json":
			have[rel] = fmt.Sprintf("%04o", mode)
			if netns := filepath.Join(filepath.Dir(path), "netns"); netnsFile(netns) != "" {
				have[filepath.Join(filepath.Dir(rel), "netns")] = netnsFile(netns)
			}
		case e.Name() == "netns":
			delete(have, rel)
			if said := netnsFile(path); said != "" {
				have[rel] = said
			}
		case e.Name() == "hosts":
			have[rel] = strings.Join(sorted(fleet.Entries(string(b))), "\n")
			fallthrough
		default:
			if mode != 0o644 {
				have[rel] += fmt.Sprintf("\n(mode %04o)", mode)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	forgetKept(have, want)
	if o == loose {
		listsNoName := func(path, _ string) bool {
			_, wanted := want[path]
			return filepath.Base(path) != "hosts" || !wanted && strings.HasPrefix(path, "etchosts/")
		}
		maps.DeleteFunc(have, listsNoName)
		maps.DeleteFunc(want, listsNoName)
	}
	if diff := cmp.Diff(want, have); diff != "" {
		return fmt.Errorf("the files differ (-want +have)\n%s", diff)
	}
	return nil
}

// keeper is the container whose files a DEL has kept.
const keeper = "d"

// forgetKept takes the files of the container whose files were kept out of those that are not wanted, unless the note is
// gone that says so.
func forgetKept(have, want map[string]string) {
	const note = "kept/default/" + keeper
	if _, ok := have[note]; !ok {
		return
	}
	delete(have, note)
	maps.DeleteFunc(have, func(path, _ string) bool {
		_, wanted := want[path]
		return !wanted && strings.Contains(path, "/default/"+keeper+"/")
	})
}
