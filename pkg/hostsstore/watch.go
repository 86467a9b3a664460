package hostsstore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/fsnotify/fsnotify"
)

// Watch calls look at once, and again whenever an operation on any namespace has begun or ended, by inotify(7) on the directories of
// the indexes. The data directory need not be there yet. Several operations may be one call. When look returns a time that is
// not 0, it is called again after that without any operation. Watch ends with nil when the context is done, or with an
// error of look.
func (d Dir) Watch(ctx context.Context, look func() (again time.Duration, err error)) error {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return fmt.Errorf("inotify: %w; raise fs.inotify.max_user_instances", err)
	}
	defer func() { _ = w.Close() }()
	timer := time.NewTimer(0)
	for {
		select {
		case <-ctx.Done():
			return nil
		case err, ok := <-w.Errors: // events were lost: look at everything
			if !ok || !errors.Is(err, fsnotify.ErrEventOverflow) {
				return fmt.Errorf("inotify: %w", err)
			}
		case e, ok := <-w.Events:
			if !ok {
				return errors.New("inotify: closed")
			}
			if !d.concerns(e.Name) {
				continue
			}
		case <-timer.C:
		}
		if err := d.follow(w); err != nil {
			return err
		}
		again, err := look()
		if err != nil {
			return err
		}
		timer.Stop()
		if again > 0 {
			timer.Reset(again)
		}
	}
}

// concerns reports whether a change at the path matters: of an index, of a directory for one, or of one above these.
func (d Dir) concerns(path string) bool {
	root := d.IndexDir()
	parent := filepath.Dir(path)
	if parent == root || (filepath.Dir(parent) == root && filepath.Base(path) == filepath.Base((&Namespace{dir: d}).IndexPath())) {
		return true
	}
	for dir := root; ; dir = filepath.Dir(dir) {
		if dir == path {
			return true
		}
		if dir == filepath.Dir(dir) {
			return false
		}
	}
}

// follow watches what is there of the directories, the upper one before it looks for the lower: whatever is made later is
// an event. A directory that was made anew is watched anew.
func (d Dir) follow(w *fsnotify.Watcher) error {
	var chain []string // from the root of the file system
	for dir := d.IndexDir(); ; dir = filepath.Dir(dir) {
		chain = append([]string{dir}, chain...)
		if dir == filepath.Dir(dir) {
			break
		}
	}
	from := len(chain) - 1
	for ; from > 0; from-- { // the nearest that is there
		if _, err := os.Stat(chain[from]); err == nil {
			break
		}
	}
	from = min(from, len(chain)-2) // the data directory itself too
	for _, dir := range chain[from:] {
		if err := watch(w, dir); err != nil {
			return err
		}
	}
	entries, err := os.ReadDir(d.IndexDir())
	if err != nil {
		return nil // none yet
	}
	for _, e := range entries {
		if e.IsDir() {
			if err := watch(w, filepath.Join(d.IndexDir(), e.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

// watch adds a directory; one that is not there, or was removed just now, is left out.
func watch(w *fsnotify.Watcher, dir string) error {
	err := w.Add(dir)
	if err == nil || errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return fmt.Errorf("inotify: watch %s: %w", dir, err)
}
