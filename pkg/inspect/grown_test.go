package inspect

import (
	"bytes"
	"os"
	"strings"
	"testing"
)

// grow makes a hosts file what tens of thousands of replacements of a container leave, that shares an alias with one that
// stays: comments in front of the last marker, more than the bounds allow.
func (s *store) grow(path string) {
	s.t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		s.t.Fatal(err)
	}
	end := bytes.LastIndex(data, []byte(s.Marker.End()))
	left := strings.Repeat("##</etcfiles>\n##<etcfiles>\n"+strings.Repeat("#", 24)+"\n", 81_000)
	if err := os.WriteFile(path, append(data[:end:end], left+s.Marker.End()...), 0o644); err != nil {
		s.t.Fatal(err)
	}
}

// TestGrownFilesFound: check names both, and the repair leaves the one that only its container can end.
func TestGrownFilesFound(t *testing.T) {
	s := newStore(t)
	s.add(key("a", "eth0", "lab"), 1)
	n := s.Dir.Namespace("ns")
	s.grow(n.HostsPath("a"))
	s.grow(n.NetworkPath("lab"))
	for _, f := range s.findings(false)[FileUnusable] {
		if f.ID == "" && f.Do != doRepair || f.ID != "" && !strings.Contains(f.Do, "start it anew") || !strings.Contains(f.What, "too large") {
			t.Errorf("%+v", f)
		}
	}
	mended := map[string]bool{}
	for _, f := range s.findings(true)[FileUnusable] {
		mended[f.Path] = f.Mended
	}
	if len(mended) != 2 || !mended[n.NetworkPath("lab")] || mended[n.HostsPath("a")] {
		t.Errorf("mended: %v", mended)
	}
}
