package resolvconf

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files")

// file is a host's file with the text.
func file(text string) Host { return Host{Path: "/etc/resolv.conf", Data: []byte(text)} }

func TestResolve(t *testing.T) {
	host := file("nameserver 192.0.2.1\nsearch host.example\noptions ndots:2\n")
	long := make([]string, 40)
	for i := range long {
		long[i] = fmt.Sprintf("domain%02d.example", i)
	}
	many := ""
	for i := range 300 {
		many += fmt.Sprintf(" d%d", i)
	}
	for _, c := range []struct {
		name     string
		src      Sources
		warnings int
	}{
		{"host", Sources{Host: host}, 0},
		{"runtime over all", Sources{
			Explicit: []DNS{
				{Nameservers: []string{"127.0.0.1"}, Search: []string{"r.example"}, Options: []string{"edns0"}},
				{Nameservers: []string{"192.0.2.9"}, Search: []string{"c.example"}},
			}, Host: host,
		}, 0},
		{"fields from different sources", Sources{
			Explicit: []DNS{{Options: []string{"rotate"}}, {Domain: "c.example"}},
			Previous: []DNS{{Nameservers: []string{"10.231.0.1"}}}, Host: host,
		}, 0},
		{"empty is unset", Sources{Explicit: []DNS{{Nameservers: []string{}, Search: []string{""}}}, Host: host}, 0}, // nomad#20174
		{"search list of a dot is none", Sources{Explicit: []DNS{{Search: []string{"."}}}, Host: host}, 0},
		{"dot in the host's list", Sources{Host: file("nameserver 192.0.2.1\nsearch . a.example\n")}, 0},
		{"last of domain and search wins", Sources{Host: file("nameserver 192.0.2.1\nsearch a.example b.example\ndomain c.example\n")}, 0},
		{"loopback and IPv6 link-local of the host", Sources{
			Host: file("nameserver 127.0.0.53\nnameserver ::ffff:127.0.0.1\nnameserver fe80::1%eth0\nnameserver 0.0.0.0\n"), IPv6: true,
		}, 1},
		{"IPv4 with an IPv6 address only", Sources{ // moby#32675
			Host: file("nameserver 10.0.0.1\nnameserver 10.0.0.2\nnameserver 10.0.0.3\nnameserver 2001:db8::53\n"), IPv6: true,
		}, 0},
		{"no address is known", Sources{Host: file("nameserver 192.0.2.1\nnameserver 2001:db8::1\n")}, 0},
		{"previous of loopback gives way", Sources{ // podman#5501
			Previous: []DNS{{Nameservers: []string{"127.0.0.53", "::1", "0.0.0.0"}, Search: []string{".", "a..b"}, Options: []string{"a b", "c;"}}}, Host: host,
		}, 0},
		{"previous of another family gives way", Sources{Previous: []DNS{{Nameservers: []string{"2001:db8::53"}}}, Host: host, IPv4: true}, 0},
		{"previous gives way field by field", Sources{Previous: []DNS{{Nameservers: []string{"127.0.0.53"}, Search: []string{"p.example"}}}, Host: host}, 0},
		{"previous with something usable is not merged", Sources{Previous: []DNS{{Nameservers: []string{"127.0.0.53", "169.254.169.253"}}}, Host: host}, 0},
		{"previous with leading zeros", Sources{Previous: []DNS{{Nameservers: []string{"192.168.001.001"}}}, Host: host}, 0},
		{"a pod's is complete", Sources{ // kubernetes/website#28725
			Explicit: []DNS{{}, {Nameservers: []string{"10.9.9.9"}}, {Search: []string{"conflist.example"}}}, Complete: 2,
			Previous: []DNS{{Options: []string{"rotate"}}}, Host: file("search corp.example\noptions timeout:9\n"),
		}, 0},
		{"a pod's without nameservers", Sources{
			Explicit: []DNS{{Options: []string{"rotate"}}, {Search: []string{"pod.example"}}}, Complete: 2,
			RootlessNameservers: []string{"10.0.2.3"}, Host: host, Fallback: []string{"192.0.2.7"},
		}, 0},
		{"fallback by family", Sources{Fallback: []string{"2001:4860:4860::8888", "8.8.8.8"}, IPv4: true}, 0},
		{"fallback by family, IPv6", Sources{Fallback: []string{"8.8.8.8", "2001:4860:4860::8888", "127.0.0.1"}, IPv6: true}, 0},
		{"fallback of the other family", Sources{Fallback: []string{"2001:4860:4860::8888"}, IPv4: true}, 1},
		{"slirp of the other family", Sources{RootlessNameservers: []string{"10.0.2.3"}, Host: file("nameserver 2001:db8::1\n"), IPv6: true}, 0},
		{"dots of an explicit search list are trimmed", Sources{
			Explicit: []DNS{{Nameservers: []string{"192.0.2.1"}, Search: []string{".", ".good.example", "corp.example.", "good.example"}}}, Host: host,
		}, 0},
		{"search list of the host that musl cannot take", Sources{
			Host: file("nameserver 192.0.2.1\nsearch a..b " + strings.Repeat("x", 64) + ".example .good.example " + strings.Repeat("long.", 50) + "four fine.example\n"),
		}, 1},
		{"domain of the host that is none", Sources{Host: file("nameserver 192.0.2.1\ndomain ..\n")}, 0},
		{"host without a file", Sources{Host: Host{Missing: fs.ErrNotExist}, Fallback: []string{"192.0.2.7"}}, 1},
		{"host without a file, all given", Sources{
			Host:     Host{Missing: fs.ErrNotExist},
			Explicit: []DNS{{Nameservers: []string{"192.0.2.1"}, Search: []string{"."}, Options: []string{"rotate"}}},
		}, 0},
		{"host with a loop of links, all given", Sources{ // moby#4861
			Host:     Host{Missing: syscall.ELOOP},
			Explicit: []DNS{{Nameservers: []string{"192.0.2.1"}, Search: []string{"."}, Options: []string{"rotate"}}},
		}, 1},
		{"fallback", Sources{Host: file("nameserver 127.0.0.1\n"), Fallback: []string{"192.0.2.7"}}, 0},
		{"IPv6 without an IPv6 address", Sources{Host: file("nameserver 2001:db8::1\nnameserver 192.0.2.1\n"), IPv4: true}, 0},
		{"IPv6 with an IPv6 address", Sources{Host: file("nameserver 2001:db8::1\n"), IPv6: true}, 0},
		{"IPv4-mapped as IPv4", Sources{Host: file("nameserver ::ffff:192.0.2.1\n")}, 0},
		{"leading blanks, comments, rubbish", Sources{
			Host: file("  nameserver 192.0.2.1 # main\n;nameserver 192.0.2.2\nnameserver rubbish\nnameserver\noptions timeout:1\noptions attempts:2\n"),
		}, 0},
		{"more than three", Sources{
			Host: file("nameserver 192.0.2.1\nnameserver 192.0.2.1\nnameserver 192.0.2.2\nnameserver 192.0.2.3\nnameserver 192.0.2.4\n"),
		}, 1},
		{"explicit zone kept", Sources{Explicit: []DNS{{Nameservers: []string{"fe80::1%eth0"}}}}, 0},
		{"slirp before the host", Sources{RootlessNameservers: []string{"10.0.2.3"}, Host: host}, 0},
		{"long lists", Sources{Explicit: []DNS{{Nameservers: []string{"192.0.2.1"}, Search: long, Options: long}}}, 0},
		{"nothing", Sources{}, 1},
		{"only empty nameservers are unset", Sources{Explicit: []DNS{{Nameservers: []string{"", ""}}}, Host: host}, 0}, // nomad#20174
		{"dots only", Sources{Host: file("nameserver 192.0.2.1\nsearch .. a.example. ...\n")}, 0},
		{"last of doubled options", Sources{Host: file("nameserver 192.0.2.1\noptions ndots:1\noptions ndots:2\noptions ndots:1\n")}, 0},
		{"comment only before a word", Sources{
			Host: file("nameserver 192.0.2.1#53\nnameserver 192.0.2.2 ;x\nsearch a#b c.example # d\noptions rotate #ndots:5\n"),
		}, 0},
		{"zones of rubbish", Sources{
			Previous: []DNS{{Nameservers: []string{"2001:db8::1%x\nnameserver 192.0.2.66", "2001:db8::2%" + strings.Repeat("z", 300), "192.0.2.1"}}},
			IPv4:     true, IPv6: true,
		}, 0},
		{"search domain that just fits", Sources{Explicit: []DNS{{
			Nameservers: []string{"192.0.2.1"}, Search: []string{strings.Repeat("abcdef.", 35) + "ab", "b.example"},
		}}}, 0},
		{"search domain too long for a line", Sources{Explicit: []DNS{{
			Nameservers: []string{"192.0.2.1"}, Search: []string{strings.Repeat("abcdef.", 35) + "abc", "a.example", "b.example"},
		}}}, 0},
		{"search domain at which glibc aborts", Sources{Explicit: []DNS{{
			Nameservers: []string{"192.0.2.1"}, Search: []string{"a.example", strings.Repeat("abcdef.", 35) + "abc", "b.example"},
		}}}, 1},
		{"nothing but a search domain too long for a line", Sources{Explicit: []DNS{{
			Nameservers: []string{"192.0.2.1"}, Search: []string{strings.Repeat("abcdef.", 35) + "abcdefgh"},
		}}}, 0},
		{"more words than are written", Sources{
			Host: file("nameserver 192.0.2.1\nsearch" + many + "\noptions" + many + "\n"),
		}, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := Resolve(c.src)
			if err != nil {
				t.Fatal(err)
			}
			if len(r.Warnings) != c.warnings {
				t.Errorf("warnings: %q", r.Warnings)
			}
			golden := filepath.Join("testdata", strings.ReplaceAll(c.name, " ", "-")+".golden")
			if *update {
				if err := os.WriteFile(golden, r.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(r.Bytes())); diff != "" {
				t.Error(diff)
			}
			checkForm(t, r)
		})
	}
}

func TestResolveRefuses(t *testing.T) {
	for _, d := range []DNS{
		{Nameservers: []string{"dns.example"}},
		{Nameservers: []string{"192.0.2.1 "}},
		{Nameservers: []string{"192.0.2.1\nnameserver 192.0.2.66"}},
		{Search: []string{"a b"}},
		{Search: []string{"a\x00"}},
		{Search: []string{"a#"}},
		{Domain: "a\nb"},
		{Search: []string{"good.example", "a..b"}},
		{Search: []string{"..a..b.."}},
		{Search: []string{strings.Repeat("x", 64) + ".example"}},
		{Search: []string{strings.Repeat("long.", 50) + "four"}},
		{Domain: strings.Repeat("x", 64)},
		{Options: []string{"ndots:1\nsearch evil.example"}},
		{Options: []string{strings.Repeat("o", 255)}},
		{Nameservers: []string{"fe80::1%eth0\nnameserver 192.0.2.66"}},
		{Nameservers: []string{"fe80::1%" + strings.Repeat("z", 300)}},
	} {
		if _, err := Resolve(Sources{Explicit: []DNS{{}, d}}); !errors.Is(err, ErrRefused) {
			t.Errorf("%q: %v", d, err)
		}
	}
	if _, err := Resolve(Sources{Explicit: []DNS{{}, {Nameservers: []string{"10.9.9.9"}}, {Search: []string{"a..b"}}}, Complete: 2}); !errors.Is(err, ErrRefused) {
		t.Errorf("the configuration of a pod's network: %v", err)
	}
	if _, err := Resolve(Sources{Fallback: []string{"x"}}); !errors.Is(err, ErrRefused) {
		t.Errorf("fallback: %v", err)
	}
}

// The first bad key is named, in the order of the text and not of a map.
func TestResolveNamesTheKey(t *testing.T) {
	for range 20 {
		_, err := Resolve(Sources{Explicit: []DNS{{Search: []string{"a b"}, Options: []string{"c d"}}}})
		if err == nil || !strings.Contains(err.Error(), `dns.search: "a b"`) {
			t.Fatal(err)
		}
	}
}

// TestOrigins: each value is said to be from where it was taken, and a field that is left to the host is inherited even
// if the host has nothing for it.
func TestOrigins(t *testing.T) {
	given := DNS{From: "given", Nameservers: []string{"192.0.2.1"}, Search: []string{"."}, Options: []string{"rotate"}}
	previous := DNS{From: "previous", Nameservers: []string{"127.0.0.1"}, Domain: "p.example"}
	for _, c := range []struct {
		name      string
		src       Sources
		want      []string
		inherited bool
	}{
		{"all given", Sources{Explicit: []DNS{given}}, []string{"nameservers 192.0.2.1 given", "options rotate given"}, false},
		{
			"nothing for options",
			Sources{Explicit: []DNS{{From: "first", Domain: "a.example"}, {From: "second", Nameservers: []string{"192.0.2.2"}}}},
			[]string{"nameservers 192.0.2.2 second", "search a.example first"},
			true,
		},
		{
			"previous cannot be reached",
			Sources{Previous: []DNS{previous}, Fallback: []string{"192.0.2.7"}},
			[]string{"nameservers 192.0.2.7 conflist fallbackNameservers", "search p.example previous"},
			true,
		},
		{
			"previous cannot be reached, the host can",
			Sources{Explicit: []DNS{{From: "given", Options: []string{"rotate"}}}, Previous: []DNS{previous}, Host: file("nameserver 192.0.2.9\n")},
			[]string{"nameservers 192.0.2.9 host /etc/resolv.conf", "search p.example previous", "options rotate given"},
			true,
		},
		{
			"a pod's",
			Sources{Explicit: []DNS{{From: "pod", Search: []string{"a.example"}}, given}, Complete: 1, Fallback: []string{"192.0.2.7"}, Host: file("nameserver 192.0.2.9\n")},
			[]string{"nameservers 192.0.2.7 conflist fallbackNameservers", "search a.example pod"},
			false,
		},
		{"RootlessKit before the host", Sources{
			RootlessNameservers: []string{"10.0.2.3"}, Host: Host{Path: "/x", Data: []byte("nameserver 192.0.2.9\nsearch h.example\noptions edns0\n")},
		}, []string{"nameservers 10.0.2.3 rootlesskit", "nameservers 192.0.2.9 host /x", "search h.example host /x", "options edns0 host /x"}, true},
	} {
		r, err := Resolve(c.src)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, o := range r.Origins {
			got = append(got, o.Key+" "+o.Value+" "+o.From)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
		if r.Inherited != c.inherited {
			t.Errorf("%s: inherited is %v", c.name, r.Inherited)
		}
	}
}

// checkForm holds what both libcs need of the lines.
func checkForm(t *testing.T, r Result) {
	t.Helper()
	b := string(r.Bytes())
	if b != "" && !strings.HasSuffix(b, "\n") {
		t.Errorf("no final newline in %q", b)
	}
	for line := range strings.Lines(b) {
		keyword, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		skipped := keyword == "search" && rest == strings.Join(r.Search, " ") // by musl
		tooLong := len(line)-1 > maxLine && !skipped
		if tooLong || !slices.Contains([]string{"search", "nameserver", "options"}, keyword) || rest == "" ||
			strings.Contains(line, "  ") ||
			(keyword == "search" && slices.ContainsFunc(strings.Fields(rest), func(s string) bool { return checkDomain(s) != nil })) || strings.ContainsFunc(line[:len(line)-1], unicode.IsControl) {
			t.Errorf("line %q", line)
		}
	}
	again := parse([]byte(b))
	if !slices.Equal(again.Nameservers, r.Nameservers) || !slices.Equal(again.Search, r.Search) || !slices.Equal(again.Options, r.Options) {
		t.Errorf("%q parses to %+v, want %+v", b, again, r)
	}
}

// FuzzResolve: whatever the host's file, the plugins before and the configuration hold, what is written has the form and
// says what was meant, or the configuration is refused.
func FuzzResolve(f *testing.F) {
	f.Add([]byte("nameserver 192.0.2.1\nsearch a.example\noptions ndots:1\n"), "10.231.0.1", "", true)
	f.Add([]byte(" nameserver 127.0.0.1#x\ndomain .\nsearch . a\x00b\r\n"), "", "a.example", false)
	f.Add([]byte("search ..\nnameserver 2001:db8::1%a\x01\n"), "2001:db8::1%x\nnameserver 192.0.2.66", ".", true)
	f.Add([]byte("search a..b .c. "+strings.Repeat("d.", 127)+" e\nnameserver 0300.250.1\n"), "169.254.169.253", ".a.example.", false)
	f.Fuzz(func(t *testing.T, host []byte, previous, given string, ipv6 bool) {
		r, err := Resolve(Sources{
			Explicit: []DNS{{Search: []string{given}, Options: []string{given}}},
			Previous: []DNS{{
				Nameservers: []string{previous}, Search: []string{previous}, Options: []string{previous},
			}},
			Host: file(string(host)), IPv4: true, IPv6: ipv6,
		})
		if err != nil {
			if !errors.Is(err, ErrRefused) {
				t.Fatal(err)
			}
			return
		}
		checkForm(t, r)
	})
}
