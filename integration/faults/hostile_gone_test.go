package faults

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/etcfiles/etcfiles/integration/internal/fleet"
)

// own returns the paths of a container's three files.
func (f siege) own(a fleet.Attachment) []string {
	return []string{f.Hosts(a), f.Own(a, "resolv.conf"), f.Own(a, "hostname")}
}

// leftOf returns the paths in the data directory that have the name of a container.
func (f siege) leftOf(t *testing.T, a fleet.Attachment) []string {
	t.Helper()
	var left []string
	if err := filepath.WalkDir(f.DataDir, func(path string, _ fs.DirEntry, err error) error {
		if filepath.Base(path) == a.ID {
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
		for name, end := range map[string]func(f siege){
			"DEL": func(f siege) {
				if o := f.run(t, "DEL", web); o.Failed() || o.Stderr != "" {
					t.Errorf("%s: %s%s", o.command, o.Stdout, o.Stderr)
				}
			},
			"dead": func(f siege) {
				f.kill(t, web)
				if o := f.run(t, "ADD", comer); o.Failed() || o.Stderr != "" {
					t.Errorf("%s: %s%s", o.command, o.Stdout, o.Stderr)
				}
			},
		} {
			t.Run(flag+" "+name, func(t *testing.T) {
				f := newSiege(t, []fleet.Attachment{web, db}, comer)
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
				members := []fleet.Attachment{db}
				if name == "dead" {
					members = append(members, comer)
				}
				f.checkServed(t, members...)
			})
		}
	}
}
