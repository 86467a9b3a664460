package etchosts

import "testing"

func TestWithoutLoopback(t *testing.T) {
	for _, c := range [][2]string{
		{"", ""},
		{"127.0.0.1 localhost\n192.0.2.1 a", "192.0.2.1 a"},
		{"\t127.0.1.1\tmyhost\r\n::1 b\r\n192.0.2.1 a\r\n", "192.0.2.1 a\r\n"},
		{"0.0.0.0 ads\n:: c\n::ffff:127.0.0.1 d\n# 127.0.0.1\n\nff02::1 e", "# 127.0.0.1\n\nff02::1 e"},
		{"no address\n1270.0.0.1 x\n", "no address\n1270.0.0.1 x\n"},
	} {
		if got := string(WithoutLoopback([]byte(c[0]))); got != c[1] {
			t.Errorf("%q: %q, want %q", c[0], got, c[1])
		}
	}
}
