package hostile

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// own returns the paths of a container's three files.
func (f fleet) own(a attachment) []string {
	dir := filepath.Join(f.dataDir, "containers/default", a.id)
	return []string{f.hosts(a), filepath.Join(dir, "resolv.conf"), filepath.Join(dir, "hostname")}
}

// leftOf returns the paths in the data directory that have the name of a container.
func (f fleet) leftOf(t *testing.T, a attachment) []string {
	t.Helper()
	var left []string
	if err := filepath.WalkDir(f.dataDir, func(path string, _ fs.DirEntry, err error) error {
		if filepath.Base(path) == a.id {
			left = append(left, path)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return left
}

// TestImmutableFilesGo: files that a container has made immutable go with it, and neither its DEL nor the operation of
// another container that finds it dead fails.
func TestImmutableFilesGo(t *testing.T) {
	for _, flag := range []string{"+i", "+a"} {
		for name, end := range map[string]func(f fleet){
			"DEL": func(f fleet) {
				if o := f.run(t, "DEL", web); o.failed || o.stderr != "" {
					t.Errorf("%s: %s%s", o.command, o.stdout, o.stderr)
				}
			},
			"dead": func(f fleet) {
				f.kill(t, web)
				if o := f.run(t, "ADD", comer); o.failed || o.stderr != "" {
					t.Errorf("%s: %s%s", o.command, o.stdout, o.stderr)
				}
			},
		} {
			t.Run(flag+" "+name, func(t *testing.T) {
				f := newFleet(t, []attachment{web, db}, comer)
				for _, path := range f.own(web) {
					chattr(t, flag, path)
					t.Cleanup(func() {
						if _, err := os.Lstat(path); err == nil {
							chattr(t, "-"+flag[1:], path)
						}
					})
				}
				end(f)
				if left := f.leftOf(t, web); len(left) > 0 {
					t.Errorf("left: %s", strings.Join(left, " "))
				}
				members := []attachment{db}
				if name == "dead" {
					members = append(members, comer)
				}
				f.checkServed(t, members...)
			})
		}
	}
}
