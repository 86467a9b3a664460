package conflist

import (
	"strings"
	"testing"

	"github.com/containernetworking/plugins/plugins/ipam/host-local/backend/allocator"
)

// TestRanges: what host-local refuses is called wrong, and what it takes is not.
func TestRanges(t *testing.T) {
	for _, ipam := range []string{
		`"subnet": "10.4.10.0/24"`,
		`"subnet": "10.4.10.0/24", "rangeStart": "10.4.10.5", "rangeEnd": "10.4.10.5", "gateway": "10.4.10.254"`,
		`"subnet": "10.4.10.0/24", "gateway": "10.4.11.1"`,
		`"subnet": "10.4.10.0/24", "rangeStart": "10.4.10.9", "rangeEnd": "10.4.10.7"`,
		`"subnet": "10.4.10.0/24", "rangeStart": "10.4.11.9"`,
		`"subnet": "10.4.10.0/24", "rangeEnd": "10.4.11.9"`,
		`"subnet": "10.4.10.0/24", "rangeEnd": "fd00::9"`,
		`"subnet": "10.4.10.1/24"`,
		`"subnet": "10.4.10.0"`,
		`"subnet": "10.4.10.0/30"`,
		`"subnet": "10.4.10.0/31"`,
		`"subnet": "010.4.10.0/24"`,
		`"subnet": "10.4.10.0/24", "gateway": "gw"`,
		`"subnet": "fd00:1::/64"`,
		`"subnet": "fd00:1::/126"`,
		`"subnet": "fd00:1::/127"`,
		`"subnet": "fd00:1::1/64"`,
		`"ranges": []`,
		`"ranges": [[]]`,
		`"ranges": [[{ "subnet": "10.4.10.0/24" }], [{ "subnet": "fd00:1::/64" }]]`,
		`"ranges": [[{ "subnet": "10.4.10.0/24" }, { "subnet": "10.4.11.0/24" }]]`,
		`"ranges": [[{ "subnet": "10.4.10.0/24" }, { "subnet": "fd00:1::/64" }]]`,
		`"ranges": [[{ "subnet": "10.4.10.0/24" }, { "subnet": "10.4.10.0/25" }]]`,
		`"ranges": [[{ "subnet": "10.4.10.0/24" }], [{ "subnet": "10.4.0.0/16" }]]`,
		`"ranges": [[{ "subnet": "10.4.10.0/24", "rangeEnd": "10.4.10.99" }], [{ "subnet": "10.4.10.0/24", "rangeStart": "10.4.10.100" }]]`,
		`"subnet": "10.4.10.0/24", "ranges": [[{ "subnet": "10.4.10.0/25" }]]`,
		`"ranges": [[{ "rangeStart": "10.4.10.9" }]]`,
		`"subnet": "10.4.10.0/24", "routes": [{ "dst": "0.0.0.0/0", "gw": "10.4.10.1" }]`,
		`"subnet": "10.4.10.0/24", "routes": [{ "dst": "default" }]`,
		`"subnet": "10.4.10.0/24", "routes": [{ "dst": "0.0.0.0/0", "gw": "here" }]`,
	} {
		text := `{ "cniVersion": "1.0.0", "name": "a", "type": "ptp", "ipam": { "type": "host-local", ` + ipam + ` } }`
		_, _, refused := allocator.LoadIPAMConfig([]byte(text), "")
		top, err := decode([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		l := &look{Report: &Report{}, list: top}
		l.plugin(top, "")
		if l.Wrong() != (refused != nil) {
			t.Errorf("%s: host-local says %v, and we %v", ipam, refused, l.Faults)
		}
		for _, f := range l.Faults {
			if !strings.HasPrefix(f.Key, "ipam") {
				t.Errorf("%s: %s", ipam, f)
			}
		}
	}
}
