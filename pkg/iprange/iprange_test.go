package iprange

import "testing"

// TestParse: what is a range, and how it is written.
func TestParse(t *testing.T) {
	for text, want := range map[string]string{
		"10.231.1.0/24": "10.231.1.0-10.231.1.255", "10.231.1.7/32": "10.231.1.7-10.231.1.7", "fd00:1::/64": "fd00:1::-fd00:1::ffff:ffff:ffff:ffff",
		"0.0.0.0/0": "0.0.0.0-255.255.255.255", "10.99.0.10-10.99.0.99": "10.99.0.10-10.99.0.99", "::/0": "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
	} {
		r, err := Parse(text)
		if err != nil || r.First.String()+"-"+r.Last.String() != want || r.String() != text {
			t.Errorf("%s: %v from %v to %v, %v", text, r, r.First, r.Last, err)
		}
	}
	for _, text := range []string{"", "-", "10.231.1.0", "10.231.1.1/24", "10.231.1.9-10.231.1.1", "10.231.1.9-fd00::1", "10.231.1.0/33", "::ffff:10.0.0.0/120", "fe80::1%eth0-fe80::2%eth0"} {
		if r, err := Parse(text); err == nil {
			t.Errorf("%q is taken for %v", text, r)
		}
	}
	if r, err := Parse("10.231.1.0-10.231.1.255"); err != nil || r.String() != "10.231.1.0/24" {
		t.Errorf("%v, %v", r, err)
	}
}

// TestCovers: several ranges may make up one together; a gap of one address is one.
func TestCovers(t *testing.T) {
	for _, c := range []struct {
		list []string
		r    string
		want bool
	}{
		{nil, "10.231.1.0/24", false},
		{[]string{"10.231.0.0/16"}, "10.231.1.0/24", true},
		{[]string{"10.231.1.0/25"}, "10.231.1.0/24", false},
		{[]string{"10.231.1.0/25", "10.231.1.128/25"}, "10.231.1.0/24", true},
		{[]string{"10.231.1.128/25", "fd00::/64", "10.231.1.0/26", "10.231.1.32-10.231.1.127"}, "10.231.1.0/24", true},
		{[]string{"10.231.1.0/25", "10.231.1.129-10.231.1.255"}, "10.231.1.0/24", false},
		{[]string{"10.231.1.0/25", "10.231.1.128-10.231.1.254"}, "10.231.1.0/24", false},
		{[]string{"0.0.0.0/1", "128.0.0.0/1"}, "0.0.0.0/0", true},
		{[]string{"0.0.0.0/0"}, "::/0", false},
		{[]string{"::/1", "8000::/1"}, "::/0", true},
	} {
		if got := Covers(parsed(t, c.list...), parsed(t, c.r)[0]); got != c.want {
			t.Errorf("%v cover %s: %v", c.list, c.r, got)
		}
	}
}

func parsed(t *testing.T, list ...string) []Range {
	t.Helper()
	ranges, err := ParseAll(list)
	if err != nil {
		t.Fatal(err)
	}
	return ranges
}
