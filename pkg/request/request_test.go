package request

import (
	"errors"
	"strings"
	"testing"
)

func TestParseExtraHost(t *testing.T) {
	for in, want := range map[string]string{
		"a:192.0.2.1":           "a 192.0.2.1",
		"a:2001:db8::1":         "a 2001:db8::1",
		"a:[2001:db8::1]":       "a 2001:db8::1",
		"a:::ffff:192.0.2.1":    "a 192.0.2.1",
		"a:host-gateway":        "a gateway",
		"":                      "",
		"a":                     "",
		"a:":                    "",
		":192.0.2.1":            "",
		"a:b":                   "",
		"a b:192.0.2.1":         "",
		"a:[2001:db8::1":        "",
		"a:192.0.2.1 192.0.2.2": "",
		"a:fe80::1%eth0":        "",
	} {
		x, err := ParseExtraHost(in)
		got := ""
		switch {
		case err != nil:
			if !errors.Is(err, ErrInvalid) {
				t.Errorf("%q: %v", in, err)
			}
		case x.HostGateway:
			got = x.Name + " gateway"
		default:
			got = x.Name + " " + x.Address.String()
		}
		if got != want {
			t.Errorf("ParseExtraHost(%q) = %q, %v; want %q", in, got, err, want)
		}
	}
}

// FuzzParseExtraHost: an extra host that is taken is a name that breaks no line and an address, and is the same when it is
// read again.
func FuzzParseExtraHost(f *testing.F) {
	for _, s := range []string{"a:192.0.2.1", "a:[2001:db8::1]", "a:host-gateway", "a:::ffff:192.0.2.1", "a\nb:192.0.2.1", "a:fe80::1%x y"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		x, err := ParseExtraHost(s)
		if err != nil {
			if !errors.Is(err, ErrInvalid) {
				t.Fatalf("%q: %v", s, err)
			}
			return
		}
		address := HostGateway
		if !x.HostGateway {
			address = x.Address.String()
		}
		if len(strings.Fields(x.Name+" "+address)) != 2 || strings.Contains(x.Name, "#") || strings.Contains(address, "%") || x.Address.Is4In6() {
			t.Fatalf("%q: %+v", s, x)
		}
		if again, err := ParseExtraHost(x.Name + ":" + address); err != nil || again != x {
			t.Fatalf("%q is %+v, and again %+v, %v", s, x, again, err)
		}
	})
}

// TestKeyError: the message says key, value, that it is invalid, and why; who shows the key elsewhere gets the rest alone.
func TestKeyError(t *testing.T) {
	reason := errors.New("it must be an object")
	for _, c := range []struct {
		err       *KeyError
		text, why string
	}{
		{&KeyError{Key: "runtimeConfig.dns", Reason: reason}, "runtimeConfig.dns: invalid: it must be an object", "it must be an object"},
		{&KeyError{Key: "dns.search", Value: `"a b"`, Reason: reason}, `dns.search: "a b": invalid: it must be an object`, `"a b": it must be an object`},
	} {
		if got := c.err.Error(); got != c.text {
			t.Errorf("%q, want %q", got, c.text)
		}
		if got := c.err.Why(); got != c.why {
			t.Errorf("%q, want %q", got, c.why)
		}
		if !errors.Is(c.err, ErrInvalid) || !errors.Is(c.err, reason) {
			t.Errorf("%v is not ErrInvalid because of %v", c.err, reason)
		}
	}
}
