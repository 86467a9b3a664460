package faults

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/etcfiles/etcfiles/integration/internal/fleet"
)

// newVictim makes a directory outside of the store, with a file of every name that the store uses and one of none.
func newVictim(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{
		"file", "hosts", "resolv.conf", "hostname", "meta.json", "netns", ".netns.new", "meta.json.corrupt", ".meta.json.leaving", ".meta.json.new", ".hosts.new",
		".hostname.new", ".resolv.conf.new", "index", ".index.new", "taken", "1-1",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o640); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// look returns what can be known of the files in a directory.
func look(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		out[e.Name()] = fmt.Sprint(info.Mode(), info.Size(), info.ModTime())
	}
	return out
}

// inPlaceOf are what may be placed where the store has, or could have, a directory and a file.
var inPlaceOf = map[string][]string{
	"directory": {"symlink to a directory", "symlink to nothing", "FIFO", "file"},
	"file":      {"symlink to a file", "symlink to nothing", "hard link", "FIFO", "device", "socket", "directory"},
}

// place puts something at a path.
func place(kind, victim, path string) error {
	switch kind {
	case "symlink to a directory":
		return os.Symlink(victim, path)
	case "symlink to a file":
		return os.Symlink(filepath.Join(victim, "file"), path)
	case "symlink to nothing":
		return os.Symlink(filepath.Join(victim, "none"), path)
	case "hard link":
		return os.Link(filepath.Join(victim, "file"), path)
	case "FIFO":
		return unix.Mkfifo(path, 0o644)
	case "device":
		return unix.Mknod(path, unix.S_IFCHR|0o644, int(unix.Mkdev(1, 7))) // full(4): a write fails
	case "socket":
		return unix.Mknod(path, unix.S_IFSOCK|0o644, 0)
	case "directory":
		return errors.Join(os.Mkdir(path, 0o755), os.WriteFile(filepath.Join(path, "x"), nil, 0o644))
	default:
		return os.WriteFile(path, []byte("x\n"), 0o644)
	}
}

// places returns the paths, below the data directory, where the store has or could have something: directories and files.
func (f siege) places(t *testing.T) map[string][]string {
	t.Helper()
	out := map[string][]string{
		"directory": {"kept", "kept/default", "pending", "pending/default", "etchosts/default/comer", "containers/default/comer"},
		"file": {
			"kept/default/web", "kept/default/comer", "pending/default/1-1", "index/default/.index.new", "index/default/taken",
			"etchosts/default/web/.meta.json.leaving", "etchosts/default/web/.meta.json.new", "etchosts/default/web/meta.json.corrupt",
			"etchosts/default/comer/hosts", "etchosts/default/comer/meta.json", "etchosts/default/comer/.meta.json.leaving",
			"containers/default/comer/hostname", "containers/default/comer/resolv.conf",
		},
	}
	if err := filepath.WalkDir(f.DataDir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == f.DataDir {
			return err
		}
		kind := "file"
		if d.IsDir() {
			kind = "directory"
		}
		path, err = filepath.Rel(f.DataDir, path)
		out[kind] = append(out[kind], path)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

// TestPlaced: what is placed in the data directory is not followed and not waited for, whatever it is and wherever it is,
// and when it is gone the containers that start again are served.
func TestPlaced(t *testing.T) {
	f := newSiege(t, []fleet.Attachment{web, db}, comer)
	times := 0
	places := f.places(t)
	t.Run("at", func(t *testing.T) {
		for was, paths := range places {
			for _, path := range paths {
				for _, kind := range inPlaceOf[was] {
					for _, store := range []string{"store", "store to be repaired"} {
						if store != "store" && !inRepair(kind, path) {
							continue
						}
						times++
						t.Run(kind+" at "+strings.ReplaceAll(path, "/", "-")+" of a "+store, func(t *testing.T) {
							t.Parallel()
							copied := f
							copied.DataDir = filepath.Join(t.TempDir(), "data")
							if err := os.CopyFS(copied.DataDir, os.DirFS(f.DataDir)); err != nil {
								t.Fatal(err)
							}
							if store != "store" {
								copied.forgetIndex(t)
							}
							copied.withPlaced(t, kind, filepath.Join(copied.DataDir, path))
						})
					}
				}
			}
		}
	})
	row(t, fmt.Sprintf("a link, hard link, FIFO, device, socket, file or directory in the place of one of %d directories and %d files of the store",
		len(places["directory"]), len(places["file"])), times, fmt.Sprintf(
		"%d calls of the plugin followed, changed and waited for nothing: code 5, 50 or 100, a warning, or all done; all were served when it was gone", f.bill.calls))
}

// inRepair reports whether a repair looks at a path and could follow what is placed there, or wait for it.
func inRepair(kind, path string) bool {
	looks := strings.HasPrefix(path, "etchosts/default/") || strings.HasPrefix(path, "networks/default/")
	return looks && (strings.HasPrefix(kind, "symlink to a ") || kind == "FIFO")
}

// forgetIndex makes the next operation repair the store.
func (f siege) forgetIndex(t *testing.T) {
	t.Helper()
	if err := os.Remove(filepath.Join(f.DataDir, "index/default/index")); err != nil {
		t.Fatal(err)
	}
}

// withPlaced runs operations while something is placed at a path, and starts the containers again when it is gone.
func (f siege) withPlaced(t *testing.T, kind, path string) {
	t.Helper()
	victim := newVictim(t)
	err := errors.Join(os.RemoveAll(path), os.MkdirAll(filepath.Dir(path), 0o755), place(kind, victim, path))
	var placed, left unix.Stat_t
	if err = errors.Join(err, unix.Lstat(path, &placed)); err != nil {
		t.Fatal(err)
	}
	before := look(t, victim)
	for _, call := range []struct {
		verb string
		a    fleet.Attachment
	}{{"ADD", comer}, {"CHECK", comer}, {"STATUS", comer}, {"DEL", comer}, {"DEL", web}, {"DEL", db}} {
		o := f.run(t, call.verb, call.a)
		if diff := cmp.Diff(before, look(t, victim)); diff != "" {
			t.Fatalf("%s: the victim (-want +got):\n%s%s", o.command, diff, o.Stderr)
		}
		checkRefusal(t, o)
	}
	switch err := unix.Lstat(path, &left); {
	case err == nil && left.Ino == placed.Ino:
		if err := os.RemoveAll(path); err != nil {
			t.Fatal(err)
		}
	case err != nil && !errors.Is(err, unix.ENOENT):
		t.Fatal(err)
	}
	for _, a := range []fleet.Attachment{web, db} {
		f.run(t, "ADD", a).mustSucceed(t)
	}
	f.checkServed(t, web, db)
	checkFile(t, f.Hosts(web), fleet.Localhost(), web, db)
}

// checkRefusal wants a refusal to be an error of input and output, a difference, or unavailability.
func checkRefusal(t *testing.T, o answer) {
	t.Helper()
	if !o.Failed() {
		return
	}
	if !slices.Contains([]uint{5, 50, 100}, o.Error.Code) {
		t.Errorf("%s: code %d: %s", o.command, o.Error.Code, o.Error.Msg)
	}
}
