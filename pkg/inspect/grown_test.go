package inspect

import (
	"strings"
	"testing"

	"github.com/etcfiles/etcfiles/pkg/internal/grown"
)

// TestGrownFilesFound: check names both, and the repair leaves the one that only its container can end.
func TestGrownFilesFound(t *testing.T) {
	s := newStore(t)
	s.add(key("a", "eth0", "lab"), 1)
	n := s.Dir.Namespace("ns")
	grown.Grow(t, n.HostsPath("a"), s.Marker)
	grown.Grow(t, n.NetworkPath("lab"), s.Marker)
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
