package hostsstore

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
)

// TestVersion: a record of this format or an earlier one is read, a later one is known as such whatever else it holds, and
// what is no version is damage.
func TestVersion(t *testing.T) {
	n := Dir(t.TempDir()).Namespace("ns")
	path := n.RecordPath("web")
	if err := n.dir.MakeDir(filepath.Dir(path)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		etcfiles string
		want     error
	}{
		{`{"Version":1}`, nil},
		{`{"Version":2}`, nil},
		{`{"Version":3}`, nil},
		{`null`, nil}, // of nerdctl
		{`{"Version":4}`, ErrNewer},
		{`{"Version":4,"Attachments":7}`, ErrNewer},
		{`{"Attachments":{"a":[]},"Netns":"x","Version":65536}`, ErrNewer},
		{`{}`, ErrCorrupt},
		{`{"Version":0}`, ErrCorrupt},
		{`{"Version":-1}`, ErrCorrupt},
		{`{"Version":2.5}`, ErrCorrupt},
		{`{"Version":1e99}`, ErrCorrupt},
		{`{"Version":70000}`, ErrCorrupt},
		{`{"Version":"4"}`, ErrCorrupt},
		{`{"Version":[4]}`, ErrCorrupt},
		{`[4]`, ErrCorrupt},
		{`{"Version":4`, ErrCorrupt}, // cut off
	} {
		if err := WriteFile(path, []byte(`{"ID":"web","Etcfiles":`+c.etcfiles+`}`)); err != nil {
			t.Fatal(err)
		}
		r, err := n.ReadRecord("web")
		if !errors.Is(err, c.want) || (c.want == nil) != (err == nil && r != nil) {
			t.Errorf("%s: %v, want %v", c.etcfiles, err, c.want)
		}
		if errors.Is(c.want, ErrNewer) && !strings.HasPrefix(err.Error(), path+": the store is of format ") {
			t.Errorf("%s: %v", c.etcfiles, err)
		}
	}
}
