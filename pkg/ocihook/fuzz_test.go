package ocihook

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/containernetworking/cni/libcni"
	specs "github.com/opencontainers/runtime-spec/specs-go"

	"github.com/etcfiles/etcfiles/pkg/ocistate"
)

// FuzzParsePort: a port mapping that is taken has nothing in it but an address and numbers that are ports, and is the same
// when it is read again.
func FuzzParsePort(f *testing.F) {
	for _, s := range []string{"8080:80", "127.0.0.1:8080:80/udp", "[2001:db8::1]:1:65535/SCTP", "fe80::1%a b:1:1", "+1:1", "[:1:1", "::1:1:1", "1-3:4-6", "80", "1.2.3.4::80"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		all, err := parsePort(s)
		if err != nil {
			return
		}
		port := func(n int) bool { return 0 < n && n < 1<<16 }
		for i, p := range all {
			if !port(p.HostPort) || !port(p.ContainerPort) || !slices.Contains([]string{"tcp", "udp", "sctp"}, p.Protocol) {
				t.Fatalf("%q: %+v", s, p)
			}
			if p.HostPort != all[0].HostPort+i || p.ContainerPort != all[0].ContainerPort+i {
				t.Fatalf("%q: the range is %+v", s, all)
			}
			again := fmt.Sprintf("%d:%d/%s", p.HostPort, p.ContainerPort, p.Protocol)
			if p.HostIP != "" {
				if addr, err := netip.ParseAddr(p.HostIP); err != nil || addr.Zone() != "" {
					t.Fatalf("%q: address %q", s, p.HostIP)
				}
				again = "[" + p.HostIP + "]:" + again
			}
			if q, err := parsePort(again); err != nil || len(q) != 1 || q[0] != p {
				t.Fatalf("%q is %+v, and %q is %+v, %v", s, p, again, q, err)
			}
		}
	})
}

// FuzzAnnotations: whatever the annotations of a container say, each value of a list gets to the network that it is for,
// once and whole, and to no other.
func FuzzAnnotations(f *testing.F) {
	f.Add("8080:80,53:53/udp", "10.0.0.5/24,back=fd00::5", "back=02:00:00:00:00:01", "db, cache,", "192.0.2.1,,")
	f.Add("80", "=", "lab=", "front=x", " , ")
	f.Add("", "lab=a=b,back= ,lab , back = x", "", "\x00,\n", "é")
	networks := func(t *testing.T) []*libcni.NetworkConfigList {
		return []*libcni.NetworkConfigList{
			network(t, "lab", "etcfiles", "aliases", "dns", "portMappings", "ips", "mac"), network(t, "back", "etcfiles", "dns", "portMappings", "ips", "mac"),
		}
	}
	f.Fuzz(func(t *testing.T, ports, ips, macs, aliases, dns string) {
		c := &ocistate.Container{Namespace: "default", State: specs.State{ID: "web", Bundle: "/none", Annotations: map[string]string{
			AnnotationPorts: ports, AnnotationIP: ips, AnnotationMAC: macs, AnnotationAliases: aliases, AnnotationDNS: dns,
		}}}
		got, err := capabilityArgs(c, networks(t))
		if err != nil {
			return
		}
		var addresses []string
		for i, name := range []string{"lab", "back"} {
			list, _ := got[i][capabilityIPs].([]string)
			for _, a := range list {
				addresses = append(addresses, name+"="+a)
			}
			for _, key := range []string{capabilityAliases, capabilityIPs} {
				list, _ := got[i][key].([]string)
				for _, s := range list {
					if strings.Contains(s, ",") || strings.TrimSpace(s) != s || key == capabilityAliases && s == "" {
						t.Fatalf("%s of %s: %q", key, name, s)
					}
				}
			}
		}
		var want []string
		for part := range strings.SplitSeq(ips, ",") {
			network, value, ok := strings.Cut(part, "=")
			if !ok {
				network, value = "lab", part
			}
			if strings.TrimSpace(part) != "" {
				want = append(want, strings.TrimSpace(network)+"="+strings.TrimSpace(value))
			}
		}
		slices.Sort(addresses)
		slices.Sort(want)
		if !slices.Equal(addresses, want) {
			t.Fatalf("%q: %q, want %q", ips, addresses, want)
		}
		if got[1][capabilityPorts] != nil {
			t.Fatalf("a port of the host leads to two places: %v", got)
		}
	})
}
