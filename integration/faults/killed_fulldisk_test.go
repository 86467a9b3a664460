package faults

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// TestFullDisk runs operations on a file system that has room for a few more pages only, and hosts files that end just
// before a page: a write may be cut short. Names that stay are in every live file then, an ADD that fails says so, a name
// can go nevertheless, and when there is room again the next operation repairs.
func TestFullDisk(t *testing.T) {
	refused, times := 0, 0
	for _, o := range operations() {
		if o.name != "ADD shared alias" && o.name != "DEL" && o.name != "GC" {
			continue
		}
		t.Run(o.name, func(t *testing.T) {
			failed, done := 0, 0 // calls
			step := 3
			if *full {
				step = 1
			}
			for pages := 0; pages < 40 && done < 2; pages += step {
				if o.onFullDisk(t, pages) {
					failed++
				} else {
					done++
				}
				if t.Failed() {
					t.Fatalf("with %d pages", pages)
				}
			}
			refused, times = refused+failed, times+failed+done
			if done == 0 || (failed > 0) != (o.verb == "ADD") {
				t.Errorf("%d calls have failed, %d have not", failed, done)
			}
		})
	}
	row(t, "a tmpfs with room for a few pages, or none", times, fmt.Sprintf(
		"%d calls said so, the others were done, no stable name was missing, every file exact when there was room again", refused))
}

// onFullDisk runs the operation with so many pages left. It reports whether the plugin had something to report.
func (o operation) onFullDisk(t *testing.T, pages int) bool {
	t.Helper()
	dir := tmpfs(t, "2m")
	f := o.newFleet(t, filepath.Join(dir, "data"))
	o.prepare(t, f)
	live := stable()
	if o.verb != "ADD" {
		live = append(live, o.comers...)
	}
	for path := range f.Files(live) {
		fillPage(t, path)
	}
	ballast := filepath.Join(dir, "ballast")
	fillDisk(t, ballast, pages)
	out := o.run(t, f)
	f.CheckStable(t, stable(), o.comers)
	o.checkReport(t, f, out, "ENOSPC")
	left := leftOf(t, f, o.comers)
	if out.failed && o.verb == "ADD" && len(left) > 0 {
		t.Errorf("an ADD that failed is still in the records: %s", out.Stdout)
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	o.goOn(t, f, left, pages)
	return out.failed || out.Stderr != ""
}

// tmpfs mounts a file system in memory.
func tmpfs(t *testing.T, size string) string {
	t.Helper()
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size="+size); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// fillPage adds a comment to a hosts file, as its user may do, which ends a few bytes before a page does.
func fillPage(t *testing.T, path string) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	size := int(info.Size())
	page := os.Getpagesize()
	comment := strings.Repeat("#", (size/page+1)*page-size-10) + "\n"
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err == nil {
		_, err = f.WriteString(comment)
	}
	if err = errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
}

// fillDisk fills a file system but for so many pages.
func fillDisk(t *testing.T, ballast string, pages int) {
	t.Helper()
	f, err := os.Create(ballast)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	page := make([]byte, os.Getpagesize())
	size := int64(0)
	for err == nil {
		_, err = f.Write(page)
		size += int64(len(page))
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	if err := f.Truncate(size - int64((1+pages)*len(page))); err != nil {
		t.Fatal(err)
	}
}
