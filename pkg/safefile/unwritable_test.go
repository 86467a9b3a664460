package safefile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// TestUnwritable: one reason for many errors, and none for what is in the way of one file only.
func TestUnwritable(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	at := func(path string, errno error) error { return &fs.PathError{Op: "open", Path: path, Err: errno} }
	for _, c := range []struct {
		err  error
		want string // "" for nil
	}{
		{errors.Join(at(file+"/a/b", unix.ENOTDIR), at(file+"/c", unix.ENOTDIR)), file + " is a file: move it away, or name another directory"},
		{at(dir+"/link/to/nothing", unix.ENOTDIR), ""},
		{fmt.Errorf("hosts: %w", at(dir+"/a", unix.ENOSPC)), dir + ": no space left on device; make room there"},
		{at(dir+"/a", unix.EDQUOT), dir + ": disk quota exceeded; make room there, or raise the quota"},
		{at(dir+"/a", unix.EROFS), dir + ": read-only file system; mount it read-write, or name a directory that root can write"},
		{at(dir+"/a", unix.EIO), ""},
		{nil, ""},
	} {
		got := Unwritable(dir, c.err)
		if got == nil && c.want == "" {
			continue
		}
		var errno unix.Errno
		if got == nil || got.Error() != c.want || !errors.As(got, &errno) || !errors.Is(c.err, errno) {
			t.Errorf("%v: %v, want %s", c.err, got, c.want)
		}
	}
}
