package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/etcfiles/etcfiles/packaging/contents"
)

// put makes a file or link beside its place, and renames it there.
func (i *installation) put(f contents.File) (err error) {
	path := i.root + f.Path
	dir := filepath.Dir(path)
	if err := makeDir(dir); err != nil {
		return err
	}
	if f.Target != "" && i.same(f) {
		return nil
	}
	temporary := filepath.Join(dir, "."+filepath.Base(path)+".new")
	if err := removeIfThere(temporary); err != nil { // of an installation that was interrupted
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("%s: %w", path, err), removeIfThere(temporary))
		}
	}()
	if f.Target != "" {
		err = os.Symlink(f.Target, temporary)
	} else {
		err = write(temporary, f)
	}
	if err != nil {
		return err
	}
	return os.Rename(temporary, path)
}

// same says whether a link would lie where its target is, since the directory of the one is a link to that of the other.
func (i *installation) same(f contents.File) bool {
	dir, target := filepath.Dir(f.Path), f.Target
	if !filepath.IsAbs(target) {
		target = filepath.Join(dir, target)
	}
	there, err1 := os.Stat(i.root + dir)
	here, err2 := os.Stat(i.root + filepath.Dir(target))
	return err1 == nil && err2 == nil && os.SameFile(there, here) && filepath.Base(f.Path) == filepath.Base(target)
}

// write writes a new file, whatever the umask is. A program is on the disk before its name is: after a power cut an empty one would
// keep every container from starting.
func write(path string, f contents.File) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, f.Mode)
	if err != nil {
		return err
	}
	_, err = file.Write(f.Content)
	err = errors.Join(err, file.Chmod(f.Mode))
	if f.Program != "" {
		err = errors.Join(err, file.Sync())
	}
	return errors.Join(err, file.Close())
}

// makeDir makes a directory and its parents, whatever the umask is, and leaves those that are there as they are.
func makeDir(dir string) error {
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := makeDir(filepath.Dir(dir)); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	return os.Chmod(dir, 0o755)
}

func removeIfThere(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
