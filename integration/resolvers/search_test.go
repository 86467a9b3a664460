package resolvers

import (
	"bytes"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/etcfiles/etcfiles/pkg/resolvconf"
)

// askName is the name that the test binary is called with to be a nameserver that writes down what it is asked.
const askName = "ask"

// ask runs the program of its argument with stdin, answers on 127.0.0.1 that no name exists, and prints each name that it was
// asked for.
func ask() error {
	conn, err := net.ListenPacket("udp4", "127.0.0.1:53")
	if err != nil {
		return err
	}
	asked := make(chan []string)
	go func() {
		var names []string
		packet := make([]byte, 1500)
		for {
			n, from, err := conn.ReadFrom(packet)
			if err != nil {
				asked <- names
				return
			}
			if name := question(packet[:n]); !slices.Contains(names, name) { // A and AAAA
				names = append(names, name)
			}
			answer := append([]byte{}, packet[:n]...)
			answer[2], answer[3] = 0x81, 0x83 // RFC 1035 section 4.1.1: a response, recursion desired and available, no such name
			answer[10], answer[11] = 0, 0     // an OPT record of the question is not repeated
			_, _ = conn.WriteTo(answer, from)
		}
	}()
	cmd := exec.Command(os.Args[1])
	cmd.Stdin, cmd.Stderr = os.Stdin, os.Stderr
	err = cmd.Run()
	_ = conn.Close()
	for _, name := range <-asked {
		fmt.Println(name)
	}
	return err
}

// question returns the name in the question of a DNS message, RFC 1035 section 4.1.2.
func question(packet []byte) string {
	var labels []string
	for i := 12; i < len(packet) && packet[i] != 0; {
		end := min(i+1+int(packet[i]), len(packet))
		labels = append(labels, string(packet[i+1:end]))
		i = end
	}
	return strings.Join(labels, ".")
}

// TestSearch asks each resolver for a name of one label with a search list as etcfiles writes it, and a nameserver what it has been
// asked.
func TestSearch(t *testing.T) {
	programs := compile(t)
	var wide []string // 15 domains, 500 bytes (containerd#5877)
	for i := range 15 {
		wide = append(wide, fmt.Sprintf("department-%02d.corp.contoso.example", i))
	}
	long := strings.Repeat("abcdef.", 35) + "abcd" // 249 bytes: no line of musl has room for it, but a name of the DNS has for "web."
	for _, c := range []struct {
		name       string
		search     []string
		want, musl []string // the domains in which the name is looked up
	}{
		{"one line", wide[:5], wide[:5], wide[:5]},
		{"wider than a line of musl", wide, wide, wide[:7]},
		{"a domain wider than a line of musl", []string{long, "a.example", "b.example"}, []string{long, "a.example", "b.example"}, []string{"a.example", "b.example"}},
		{"a domain at which glibc aborts", []string{"a.example", long, "b.example"}, []string{"a.example", "b.example"}, []string{"a.example", "b.example"}},
		{"what is no name of the DNS", []string{"a..b", ".good.example", strings.Repeat("x", 64) + ".example", "."}, []string{"good.example"}, []string{"good.example"}},
	} {
		r, err := resolvconf.Resolve(resolvconf.Sources{
			Explicit: []resolvconf.DNS{{Nameservers: []string{"127.0.0.1"}, Options: []string{"ndots:1"}}},
			Host:     resolvconf.Host{Path: "/etc/resolv.conf", Data: []byte("search " + strings.Join(c.search, " ") + "\n")},
		})
		if err != nil {
			t.Fatal(err)
		}
		for resolver, program := range programs {
			want := c.want
			if resolver == "musl" {
				want = c.musl
			}
			var got []string
			for _, name := range questions(t, program, string(r.Bytes()), "web\n") {
				if domain, ok := strings.CutPrefix(name, "web."); ok {
					got = append(got, domain)
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s: %s looks web up in (-want +got):\n%s", c.name, resolver, diff)
			}
		}
	}
}

// TestNameserver: the nameservers that etcfiles understands in a host's file are those that glibc does.
func TestNameserver(t *testing.T) {
	program := filepath.Join(t.TempDir(), "nameserver")
	command(t, nil, "gcc", "-O1", "-Wall", "-o", program, "testdata/nameserver.c", "-lresolv")
	for _, s := range []string{
		"192.0.2.1", "192.168.001.001", "010.0.0.1", "0300.0250.1.1", "0x0a.1", "10.1", "1.2.3", "167772161", "00000000000000000000012.1.1",
		"192.168.001.009", "008.8.8.8", "192.0.2.1x", "192.0.2.1;c", "192.0.2.1#53", "256.1.1.1", "0x.1.1.1", "1.2.3.", "1..2.3", "4294967296",
		"1.16777216", "+1.2.3.4", "1_0.2.3.4", "1.2.3.4.5", "nonsense", "192.0.2.1 # a comment", "192.0.2.1\t;c",
	} {
		text := "nameserver " + s + "\n"
		want := strings.Fields(command(t, nil, "unshare", "--mount", "--propagation", "private", "sh", "-c", `mount --bind "$1" /etc/resolv.conf; exec "$2"`, "sh",
			scratch(t, text), program))
		r, err := resolvconf.Resolve(resolvconf.Sources{Host: resolvconf.Host{Data: []byte(text)}})
		if err != nil {
			t.Fatal(err)
		}
		want = slices.DeleteFunc(want, func(s string) bool { return netip.MustParseAddr(s).IsLoopback() }) // glibc's where there is none
		if !slices.Equal(r.Nameservers, want) {
			t.Errorf("nameserver %s: %q, and glibc reads %q", s, r.Nameservers, want)
		}
	}
}

// questions returns what a resolver asks 127.0.0.1 with that resolv.conf for names on its stdin.
func questions(t *testing.T, program, resolvConf, stdin string) []string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	server := filepath.Join(t.TempDir(), askName)
	if err := os.Symlink(self, server); err != nil {
		t.Fatal(err)
	}
	out := command(t, []byte(stdin), "unshare", "--mount", "--net", "--propagation", "private", "sh", "-c",
		`ip link set lo up; mount --bind "$1" /etc/hosts; mount --bind "$2" /etc/nsswitch.conf; mount --bind "$3" /etc/resolv.conf; exec "$4" "$5"`, "sh",
		scratch(t, "127.0.0.1 localhost\n"), scratch(t, "hosts: dns\n"), scratch(t, resolvConf), server, program)
	return strings.Fields(string(bytes.ToLower([]byte(out))))
}
