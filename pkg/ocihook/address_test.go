package ocihook

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestCheckAddresses: an address that host-local would refuse is refused before, and says why; what host-local would give, or what is not for it to
// say, passes.
func TestCheckAddresses(t *testing.T) {
	const (
		one  = `"ipam":{"type":"host-local","ranges":[[{"subnet":"10.4.10.0/24"}]]}`
		dual = `"ipam":{"type":"host-local","ranges":[[{"subnet":"10.4.10.0/24","rangeStart":"10.4.10.100","rangeEnd":"10.4.10.200","gateway":"10.4.10.150"},{"subnet":"10.5.0.0/24"}],[{"subnet":"fd00::/64"}],[{"subnet":"10.6.0.0/24"}]]}`
	)
	for _, c := range []struct{ ipam, ip, args, capabilities, want string }{
		{one, "10.4.10.77", "", "", ""},
		{one, "10.4.10.77/24,10.4.10.77", "", "", ""},
		{one, "10.4.10.254", "", "", ""},
		{one, "10.9.9.9", "", "", "address 10.9.9.9: host-local gives those of 10.4.10.1-10.4.10.254: ask for one of these"},
		{one, "fd00::9", "", "", "address fd00::9: host-local gives those of 10.4.10.1-10.4.10.254: ask for one of these"},
		{one, "10.4.10.0", "", "", "address 10.4.10.0: host-local gives those of"},
		{one, "10.4.10.255", "", "", "address 10.4.10.255: host-local gives those of"},
		{one, "10.4.10.1", "", "", "address 10.4.10.1: it is the gateway of 10.4.10.0/24: ask for another"},
		{one, "10.4.10.7,10.4.10.8", "", "", "addresses 10.4.10.7 and 10.4.10.8: host-local gives one of 10.4.10.1-10.4.10.254: ask for one of them"},
		{dual, "10.4.10.100,fd00::9,10.6.0.9", "", "", ""},
		{dual, "10.5.0.9,fd00::9", "", "", ""},
		{dual, "10.4.10.99", "", "", "host-local gives those of 10.4.10.100-10.4.10.200,10.5.0.1-10.5.0.254, fd00::1-fd00::ffff:ffff:ffff:ffff, 10.6.0.1-10.6.0.254: ask"},
		{dual, "10.4.10.150", "", "", "address 10.4.10.150: it is the gateway of 10.4.10.0/24"},
		{dual, "10.4.10.100,10.5.0.9", "", "", "addresses 10.4.10.100 and 10.5.0.9: host-local gives one of"},
		{one, "", "IP=10.9.9.9", "", "address 10.9.9.9: host-local gives"},
		{one, "", "IP=10.4.10.9", "", ""},
		{one, "10.9.9.9", "", `{"ipRanges":[[{"subnet":"10.9.9.0/24"}]]}`, ""},
		{one, "10.8.9.9", "", `{"ipRanges":[[{"subnet":"10.9.9.0/24"}]]}`, "address 10.8.9.9: host-local gives those of 10.9.9.1-10.9.9.254, 10.4.10.1-"},
		{`"ipam":{"type":"host-local"}`, "10.9.9.9", "", `{"ipRanges":[[{"subnet":"10.9.9.0/24"}]]}`, ""},
		{`"ipam":{"type":"host-local","ranges":[[{"subnet":"usePodCidr"}]]}`, "10.9.9.9", "", "", ""},
		{one, "10.4.10.105", "", `{"ipRanges":[[{"subnet":"10.4.10.0/24","rangeStart":"10.4.10.100","rangeEnd":"10.4.10.110"}]]}`, "host-local refuses its ranges: 10.4.10.100-10.4.10.110 and 10.4.10.1-10.4.10.254 overlap"},
		{one, "10.4.10.5", "", `{"ipRanges":[[{"subnet":"10.9.0.0/31"}]]}`, "subnet 10.9.0.0/31 is too small"},
		{one, "10.4.10.5", "", `{"ipRanges":[[{"subnet":"10.9.0.0/24"},{"subnet":"fd00:9::/64"}]]}`, "are of two families"},
		{`"ipam":{"type":"host-local","ranges":[[{"subnet":"10.4.10.7/24"}]]}`, "10.4.10.9", "", "", ""},
		{`"ipam":{"type":"host-local","ranges":[[]]}`, "10.4.10.9", "", "", ""},
		{`"args":{"cni":{"ips":["10.6.0.77"]}},` + one, "10.4.10.9", "", "", "address 10.6.0.77, which args.cni.ips of the conflist asks for: host-local gives"},
		{`"ipam":{"type":"static"}`, "10.9.9.9/24", "", "", ""},
		{`"ipam":{"type":"dhcp"}`, "10.9.9.9", "", "", ""},
	} {
		dir := t.TempDir()
		list := fmt.Sprintf(`{"cniVersion":"1.0.0","name":"lab","plugins":[{"type":"bridge","capabilities":{"ips":true,"ipRanges":true},%s}]}`, c.ipam)
		if err := os.WriteFile(filepath.Join(dir, "10-lab.conflist"), []byte(list), 0o600); err != nil {
			t.Fatal(err)
		}
		annotations := map[string]string{}
		for key, value := range map[string]string{AnnotationIP: c.ip, AnnotationArgs: c.args, AnnotationCapabilities: c.capabilities} {
			if value != "" {
				annotations[key] = value
			}
		}
		err := (&Hook{ConfDir: dir}).CheckAnnotations("web", annotations)
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%v: %v", annotations, err)
		case c.want != "" && (err == nil || !strings.HasPrefix(err.Error(), "network lab: ") || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%v: %v, want %s", annotations, err, c.want)
		}
	}
}
