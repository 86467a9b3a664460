package roster

import (
	"net/netip"
	"testing"

	"github.com/etcfiles/etcfiles/pkg/etchosts"
)

// TestLoopbackLines: they are as any other line is, since a file is compared with them byte by byte.
func TestLoopbackLines(t *testing.T) {
	for _, test := range []struct {
		address string
		names   []string
		line    string
	}{
		{"127.0.0.1", loopbackNames[:2], loopback4},
		{"::1", loopbackNames, loopback6},
	} {
		if want := etchosts.Format(netip.MustParseAddr(test.address), test.names); test.line != want {
			t.Errorf("%s: got %q, want %q", test.address, test.line, want)
		}
	}
}
