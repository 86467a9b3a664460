package ocimount

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestParseMountInfo(t *testing.T) {
	for line, want := range map[string]mountInfo{
		"140 138 0:44 / /etc rw,relatime shared:21 - tmpfs vol rw\n":                  {"/etc", true},
		"140 138 0:44 / /etc rw,relatime master:21 - tmpfs vol rw\n":                  {"/etc", false},
		"140 138 0:44 / /etc rw,relatime shared:3 master:21 - tmpfs vol rw\n":         {"/etc", true},
		"140 138 0:44 / /etc rw,relatime - tmpfs shared:1 rw\n":                       {"/etc", false},
		"140 138 0:44 / /a\\040b\\011c\\134d\\012e rw unbindable - tmpfs shared:1 rw": {"/a b\tc\\d\ne", false},
	} {
		if got, err := parseMountInfo(line); err != nil || got != want {
			t.Errorf("%q: %+v, %v; want %+v", line, got, err, want)
		}
	}
	if _, err := parseMountInfo("140 138 0:44 /\n"); err == nil {
		t.Error("a line that is cut off is no error")
	}
}

// FuzzParseMountInfo: no line makes it fall, and what is shared says so.
func FuzzParseMountInfo(f *testing.F) {
	f.Add("140 138 0:44 / /etc rw,relatime shared:21 - tmpfs vol rw\n")
	f.Add("1 1 0:1 / / rw -")
	f.Fuzz(func(t *testing.T, line string) {
		info, err := parseMountInfo(line)
		if err == nil && info.shared && !strings.Contains(line, "shared:") {
			t.Fatalf("%q: %+v", line, info)
		}
	})
}

// TestMountIDByProc compares what procfs says of a descriptor, for kernels before 5.8, with what statx does.
func TestMountIDByProc(t *testing.T) {
	s := newScene(t)
	for _, path := range []string{s.root, s.root + "/etc/hosts", filepath.Dir(s.root)} {
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		id, isRoot, err := mountID(f)
		if err != nil {
			t.Fatal(err)
		}
		if byProc, rootByProc, err := mountIDByProc(f); err != nil || byProc != id || rootByProc != isRoot {
			t.Errorf("%s: %d %v, %v; statx says %d %v", path, byProc, rootByProc, err, id, isRoot)
		}
	}
}
