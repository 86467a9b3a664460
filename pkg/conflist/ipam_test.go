package conflist

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// TestGivenOut: what this machine alone gives out is said by host-local, and by nothing else.
func TestGivenOut(t *testing.T) {
	for ipam, want := range map[string]string{
		`{"type":"host-local","ranges":[[{"subnet":"10.231.10.0/24"}]]}`:                                                      "[10.231.10.0/24]",
		`{"type":"host-local","subnet":"10.231.10.0/24","gateway":"10.231.10.1"}`:                                             "[10.231.10.0/24]",
		`{"type":"host-local","subnet":"10.231.10.0/24","rangeStart":"10.231.10.1","rangeEnd":"10.231.10.254"}`:               "[10.231.10.0/24]",
		`{"type":"host-local","subnet":"fd00::/64","rangeEnd":"fd00::ffff:ffff:ffff:fffe"}`:                                   "[fd00::-fd00::ffff:ffff:ffff:fffe]",
		`{"type":"host-local","subnet":"10.231.10.7/24"}`:                                                                     `conflist:4: plugins[0].ipam.subnet: 10.231.10.7/24 has bits behind the prefix, which host-local refuses: write 10.231.10.0/24`,
		`{"type":"host-local","ranges":[[{"subnet":"10.231.10.0/24"},{"subnet":"10.231.11.0/24"}],[{"subnet":"fd00::/64"}]]}`: "[10.231.10.0/24 10.231.11.0/24 fd00::/64]",
		`{"type":"host-local","ranges":[[{"subnet":"10.99.0.0/16","rangeStart":"10.99.1.0","rangeEnd":"10.99.1.255"}]]}`:      "[10.99.1.0/24]",
		`{"type":"host-local","subnet":"10.99.0.0/16","rangeStart":"10.99.1.10"}`:                                             "[10.99.1.10-10.99.255.255]",
		`{"type":"host-local","subnet":"10.99.0.0/16","rangeStart":"10.98.1.10"}`:                                             `conflist:4: plugins[0].ipam.rangeStart: 10.98.1.10 is not in 10.99.0.0/16`,
		`{"type":"host-local","subnet":"10.99.0.0"}`:                                                                          `conflist:4: plugins[0].ipam.subnet: "10.99.0.0" is not an address with the length of its prefix, such as "10.4.10.0/24"`,
		`{"type":"host-local"}`: `conflist:4: plugins[0].ipam: host-local has no ranges to give addresses of: want ranges: [[{ "subnet": … }]]`,
		`{"type":"dhcp"}`:       `conflist:4: plugins[0].ipam.type: "dhcp" does not say here which addresses this machine alone gives out`,
		`{}`:                    `conflist:4: plugins[0].ipam.type: "" does not say here which addresses this machine alone gives out`,
	} {
		path := filepath.Join(t.TempDir(), "conflist")
		text := fmt.Sprintf("{ \"name\": \"lab\",\n \"plugins\": [\n{ \"type\": \"bridge\",\n \"ipam\": %s },\n{ \"type\": \"etcfiles\" } ] }", ipam)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		ranges, err := Ranges(path)
		got := fmt.Sprint(ranges)
		var refused *IPAMError
		if err != nil && errors.As(err, &refused) {
			got = filepath.Base(err.Error())
			if i := len(filepath.Dir(path)) + 1; len(err.Error()) > i {
				got = err.Error()[i:]
			}
		} else if err != nil {
			t.Errorf("%s: %v", ipam, err)
		}
		if got != want {
			t.Errorf("%s: %s, want %s", ipam, got, want)
		}
	}
}
