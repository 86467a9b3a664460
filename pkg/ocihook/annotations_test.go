package ocihook

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParsePort(t *testing.T) {
	for s, want := range map[string]PortMapping{
		"8080:80":                {8080, 80, "tcp", ""},
		"8080:80/tcp":            {8080, 80, "tcp", ""},
		"53:53/UDP":              {53, 53, "udp", ""},
		"1:65535/sctp":           {1, 65535, "sctp", ""},
		"127.0.0.1:8080:80":      {8080, 80, "tcp", "127.0.0.1"},
		"[::1]:8080:80/udp":      {8080, 80, "udp", "::1"},
		"[2001:db8::1]:8080:80":  {8080, 80, "tcp", "2001:db8::1"},
		"::ffff:192.0.2.1:80:80": {80, 80, "tcp", "::ffff:192.0.2.1"},
	} {
		if got, err := ParsePort(s); err != nil || got != want {
			t.Errorf("ParsePort(%q) = %+v, %v; want %+v", s, got, err, want)
		}
	}
	for _, s := range []string{
		"", "80", ":80", "80:", "0:80", "80:0", "65536:80", "80:65536", "-1:80", "a:80", "80:b", "80:80/", "80:80/icmp", "80:80/tcp/udp",
		"host:80:80", "1.2.3:80:80", "[fe80::1%eth0]:80:80", "80:80:80:80", " 80:80",
	} {
		if got, err := ParsePort(s); err == nil {
			t.Errorf("ParsePort(%q) = %+v, want an error", s, got)
		}
	}
}

func TestPerNetwork(t *testing.T) {
	networks := []string{"lab", "back"}
	for s, want := range map[string]map[string][]string{
		"":                                   {},
		"10.0.0.5":                           {"lab": {"10.0.0.5"}},
		" 10.0.0.5/24 ,fd00::5, ":            {"lab": {"10.0.0.5/24", "fd00::5"}},
		"back=10.1.0.5,10.0.0.5":             {"back": {"10.1.0.5"}, "lab": {"10.0.0.5"}},
		"back = 10.1.0.5":                    {"back": {"10.1.0.5"}},
		"lab=02:00:00:00:00:01,back=fd00::1": {"lab": {"02:00:00:00:00:01"}, "back": {"fd00::1"}},
	} {
		got, err := perNetwork(map[string]string{AnnotationIP: s}, AnnotationIP, networks)
		if err != nil {
			t.Errorf("%q: %v", s, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", s, diff)
		}
	}
	if got, err := perNetwork(map[string]string{AnnotationIP: "front=10.0.0.5"}, AnnotationIP, networks); err == nil {
		t.Errorf("a network that the container is not on: %v, want an error", got)
	}
}
