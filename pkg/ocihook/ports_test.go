package ocihook

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParsePort(t *testing.T) {
	for s, want := range map[string][]PortMapping{
		"8080:80":                       {{8080, 80, "tcp", ""}},
		"8080:80/tcp":                   {{8080, 80, "tcp", ""}},
		"53:53/UDP":                     {{53, 53, "udp", ""}},
		"1:65535/sctp":                  {{1, 65535, "sctp", ""}},
		"127.0.0.1:8080:80":             {{8080, 80, "tcp", "127.0.0.1"}},
		"[::1]:8080:80/udp":             {{8080, 80, "udp", "::1"}},
		"[2001:db8::1]:8080:80":         {{8080, 80, "tcp", "2001:db8::1"}},
		"::ffff:192.0.2.1:80:80":        {{80, 80, "tcp", "::ffff:192.0.2.1"}},
		"8000-8002:80-82":               {{8000, 80, "tcp", ""}, {8001, 81, "tcp", ""}, {8002, 82, "tcp", ""}},
		"127.0.0.1:65534-65535:1-2/udp": {{65534, 1, "udp", "127.0.0.1"}, {65535, 2, "udp", "127.0.0.1"}},
		"80-80:80":                      {{80, 80, "tcp", ""}},
	} {
		got, err := parsePort(s)
		if err != nil {
			t.Errorf("parsePort(%q): %v", s, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("parsePort(%q) (-want +got):\n%s", s, diff)
		}
	}
	for s, want := range map[string]string{
		"": portForm, ":80": portForm, "80:": portForm, "0:80": portForm, "80:0": portForm, "65536:80": portForm, "80:65536": portForm,
		"-1:80": portForm, "a:80": portForm, "80:b": portForm, "80:80/": portForm, "80:80/icmp": portForm, "80:80/tcp/udp": portForm,
		"host:80:80": portForm, "1.2.3:80:80": portForm, "[fe80::1%eth0]:80:80": portForm, "80:80:80:80": portForm, " 80:80": portForm,
		"8002-8000:80-82": portForm, "80-:80-": portForm, "1-2-3:1-3": portForm, "127.0.0.1::": portForm, "80/icmp": portForm,
		"80": "such as 80:80", "8000-8009": "such as 8000-8009:8000-8009", "53/udp": "such as 53:53/udp",
		"127.0.0.1::80": "such as 127.0.0.1:80:80", "[::1]::53/udp": "such as [::1]:53:53/udp",
		"8000-8009:80": "ranges of the same length", "80:80-81": "ranges of the same length",
	} {
		if got, err := parsePort(s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("parsePort(%q) = %+v, %v; want an error with %q", s, got, err, want)
		}
	}
}

// TestParsePorts: a port of the host leads to one place, whichever of its addresses is named.
func TestParsePorts(t *testing.T) {
	for s, want := range map[string]string{
		"":                                      "",
		"80:80,81:80,80:80/udp":                 "",
		"127.0.0.1:80:80,127.0.0.2:80:80":       "",
		"0.0.0.0:80:80,[::]:80:80":              "",
		"80:80,80:81":                           "80/tcp",
		"80:80/udp,192.0.2.1:80:80/UDP":         "80/udp",
		"0.0.0.0:80:80,192.0.2.1:80:80":         "80/tcp",
		"192.0.2.1:80:80,::ffff:192.0.2.1:80:1": "80/tcp",
		"8000-8009:80-89,8005:80":               "8005/tcp",
		"80:80, 80":                             "such as",
	} {
		_, err := ParsePorts(s)
		if (err != nil) != (want != "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", s, err, want)
		}
	}
}
