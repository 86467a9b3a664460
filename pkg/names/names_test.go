package names

import (
	"cmp"
	"errors"
	"strings"
	"testing"
	"unicode"
)

// TestShortID: what an engine has made up is cut, and nothing that tells two containers apart.
func TestShortID(t *testing.T) {
	const made = "0123456789abcdef0123456789abcdef"
	for id, want := range map[string]string{
		made: made[:12], "default-" + made: "default-" + made[:12], "default-shop-cart-a": "default-shop-cart-a", made[:31]: made[:31],
		"cnitool-1f2e3d4c5b6a79880716": "cnitool-1f2e3d4c5b6a79880716", "0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f0": "0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f0", "": "",
	} {
		if got := ShortID(id); got != want {
			t.Errorf("%q: %q, want %q", id, got, want)
		}
	}
}

func TestParse(t *testing.T) {
	label63 := strings.Repeat("a", 63)
	for _, c := range []struct {
		in   string
		want error
	}{
		{"web", nil},
		{"k3s_server_1", nil},
		{"Web-1.Example.COM", nil},
		{"9lives", nil},
		{"a_", nil},
		{label63, nil},
		{strings.Repeat("a.", 126) + "a", nil}, // 253 bytes
		{"", errRefused},
		{"a b", errRefused}, // netavark#1019: a name with a space took down DNS for everyone
		{"a\u00a0b", errRefused},
		{"a\tb", errRefused},
		{"a\nb", errRefused},
		{"a\x00b", errRefused},
		{"a#b", errRefused},
		{"a,b", errRefused},
		{"a\x7f", errRefused},
		{label63 + "a", errUnusable},
		{strings.Repeat("a.", 127), errUnusable},
		{strings.Repeat("a.", 126) + "ab", errUnusable}, // 254 bytes
		{"münchen", errUnusable},
		{"localhost", errUnusable},
		{"LocalHost", errUnusable},
		{"db.localhost", errUnusable},
		{"10.0.0.1", errUnusable},
		{"fd00::1", errUnusable},
		{"-web", errUnusable},
		{"web-", errUnusable},
		{"web.", errUnusable},
		{".web", errUnusable},
		{"a..b", errUnusable},
		{"_web", errUnusable},
		{"a/b", errUnusable},
		{"a\xffb", errUnusable},
		{"a\xff b", errRefused},
		{"a\u2028b", errRefused},
	} {
		got, err := Parse(c.in)
		if !errors.Is(err, c.want) || (c.want == nil && got.String() != c.in) {
			t.Errorf("Parse(%q) = %q, %v; want %v", c.in, got, err, c.want)
		}
	}
}

// What inet_aton(3) takes, getaddrinfo(3) never looks up.
func TestNumbers(t *testing.T) {
	for _, number := range []string{
		"0", "1", "12345", "4294967295", "127.1", "1.2.65535", "1.2.3.255", "0x7f.1", "0X7F000001", "017700000001", "1.0xffffff", "00", "0000",
		"1.2.3.0377", "0x0", "000012345670",
	} {
		if _, err := Parse(number); !errors.Is(err, errUnusable) {
			t.Errorf("Parse(%q) = %v, want %v", number, err, errUnusable)
		}
	}
	for _, name := range []string{
		"4294967296", "123456789012", "256.1", "1.2.65536", "1.2.3.256", "0x100.1", "1.2.3.4.5", "08", "0x", "0xg", "1_0", "1.2.3.0400", "0b1", "0o7",
		"1e3", "9lives", "3f2b90c1d2e4",
	} {
		if _, err := Parse(name); err != nil {
			t.Errorf("Parse(%q): %v", name, err)
		}
	}
}

func TestCheck(t *testing.T) {
	for _, good := range []string{"", "web", "münchen", "-odd-", "a\xff"} {
		if err := Check(good); err != nil {
			t.Errorf("Check(%q) = %v", good, err)
		}
	}
	for _, bad := range []string{" ", "a\r", "a\u00a0", "a\x00", "a#", "a,b", "a\u0085"} {
		if err := Check(bad); !errors.Is(err, errRefused) {
			t.Errorf("Check(%q) = %v", bad, err)
		}
		if err := CheckHostname(bad); !errors.Is(err, errRefused) {
			t.Errorf("CheckHostname(%q) = %v", bad, err)
		}
	}
}

func TestCheckElement(t *testing.T) {
	for _, bad := range []string{"", ".", "..", "a/b", "../x", "-a", ".a", "_a", "a b", "a\n", "é", strings.Repeat("a", 256)} {
		if err := CheckElement(bad); !errors.Is(err, errRefused) {
			t.Errorf("CheckElement(%q) = %v", bad, err)
		}
	}
	for _, good := range []string{"a", "A.b-c_d", strings.Repeat("a", 255)} {
		if err := CheckElement(good); err != nil {
			t.Errorf("CheckElement(%q) = %v", good, err)
		}
	}
}

func TestCheckHostname(t *testing.T) {
	if err := CheckHostname(strings.Repeat("h", 64)); err != nil {
		t.Error(err)
	}
	if err := CheckHostname(strings.Repeat("h", 65)); !errors.Is(err, errRefused) {
		t.Errorf("65 bytes: %v", err)
	}
}

func TestJoin(t *testing.T) {
	for _, c := range [][3]string{
		{"web", "example.com", "web.example.com"},
		{"web.example.com", "example.com", "web.example.com"},
		{"web.", ".example.com.", "web.example.com"},
		{"web", "", "web"},
		{"web", "..", "web"},
		{"..web..", "", "web"},
		{"Web.EXAMPLE.com", "example.COM", "Web.EXAMPLE.com"},
		{"myexample.com", "example.com", "myexample.com.example.com"},
	} {
		if got := Join(c[0], c[1]); got != c[2] {
			t.Errorf("Join(%q, %q) = %q, want %q", c[0], c[1], got, c[2])
		}
	}
}

// FuzzParse: whatever the input, a Name is one word of a hosts line and no address.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{"web", "a b", "10.0.0.1", "localhost", "é", "a#b", "_a", "a.b_c-d"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, err := Parse(s)
		if err != nil {
			if !errors.Is(err, errRefused) && !errors.Is(err, errUnusable) {
				t.Fatalf("%q: %v", s, err)
			}
			return
		}
		if n.String() != s || len(strings.Fields(s)) != 1 || strings.ContainsAny(s, "#,/") || strings.ContainsFunc(s, unicode.IsControl) {
			t.Fatalf("%q passed", s)
		}
	})
}

// Names of loopback and of the host: no container may claim one, and whoever runs it may give one an address.
func TestReserved(t *testing.T) {
	for _, name := range []string{
		"localhost", "LOCALHOST", "localhost4", "localhost6.localdomain6", "localhost.localdomain", "a.localhost", "a.localhost.localdomain",
		"ip6-localhost", "ip6-allnodes", "IP6-Loopback.localdomain", "host.docker.internal", "host.containers.internal",
		"Gateway.Docker.Internal", "host.docker.internal.localdomain",
	} {
		if _, err := Parse(name); !errors.Is(err, errUnusable) || reserved(name) == "" {
			t.Errorf("Parse(%q) = %v, want %v", name, err, errUnusable)
		}
		if _, err := ParseGiven(name); err != nil {
			t.Errorf("ParseGiven(%q): %v", name, err)
		}
	}
	for _, name := range []string{"local", "web.localdomain", "ip6", "host", "docker.internal", "mylocalhost", "host.docker.internal.lab"} {
		if _, err := Parse(name); err != nil || reserved(name) != "" {
			t.Errorf("Parse(%q): %v", name, err)
		}
	}
}

func TestNatural(t *testing.T) {
	want := []string{"", "eth", "eth0", "eth00", "eth1", "eth2", "eth10", "eth10.5", "eth10a", "eth11", "net1", "net99999999999999999999999", "net100000000000000000000000"}
	for i := range want {
		for j := range want {
			if got, want := Natural(want[i], want[j]), cmp.Compare(i, j); got != want {
				t.Errorf("%d and %d: %d", i, j, got)
			}
		}
	}
}

// What `ctr run --cni`, oci-cni-hook, cnitool, Nomad, nerdctl and Apptainer have for a container ID.
func TestOfID(t *testing.T) {
	hex := strings.Repeat("0123456789abcdef", 4)
	for _, c := range [][3]string{
		{hex, "default", "0123456789ab"},
		{strings.ToUpper(hex)[:32], "default", "0123456789AB"},
		{hex[:31], "default", hex[:31]},
		{"default-shop-cart-a", "default", "shop-cart-a"},
		{"shop-cart-b", "default", "shop-cart-b"},
		{"default-" + hex, "default", "0123456789ab"},
		{"other-web", "default", "other-web"},
		{"cnitool-1f2e3d4c5b6a79880716", "default", "cnitool-1f2e3d4c5b6a79880716"},
		{"0c1e2d3f-4a5b-6c7d-8e9f-0a1b2c3d4e5f", "default", "0c1e2d3f-4a5b-6c7d-8e9f-0a1b2c3d4e5f"},
		{"5140", "default", ""},
		{"default-5140", "default", ""},
		{"default-", "default", ""},
		{"localhost", "default", ""},
		{"web-", "default", ""},
		{"10.0.0.1", "default", ""},
		{strings.Repeat("w", 63), "default", strings.Repeat("w", 63)},
		{strings.Repeat("w", 64), "default", ""},
		{"default", "default", "default"},
		{"my--ns-web", "my-ns", "web"},
		{"my-ns-web", "my-ns", "web"},
		{"default-default-web", "default", "default-web"},
	} {
		if got := OfID(c[0], c[1]); got != c[2] {
			t.Errorf("OfID(%q, %q) = %q, want %q", c[0], c[1], got, c[2])
		}
	}
}

func TestLabel(t *testing.T) {
	for _, c := range [][2]string{
		{"shop-cart", "shop-cart"},
		{"Team/Shop.v2 beta-Web_1", "team-shop-v2-beta-web-1"},
		{"job/periodic-1700000000-web", "job-periodic-1700000000-web"},
		{" / a // b / ", "a-b"},
		{"Überraschung-web", "berraschung-web"},
		{"\u212aelvin", "kelvin"}, // the Kelvin sign, whose lower case is ASCII
		{"...", ""},
		{strings.Repeat("a", 62) + "-bc", strings.Repeat("a", 62)},
	} {
		if got := Label(c[0]); got != c[1] {
			t.Errorf("Label(%q) = %q, want %q", c[0], got, c[1])
		}
	}
}
