package resolvconf

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

// TestRealFiles: what becomes of files as they are on real hosts, in testdata/hosts, for containers with an IPv4 address, an IPv6
// address and both. A file that is the same for all of them is want.
func TestRealFiles(t *testing.T) {
	paths, err := filepath.Glob("testdata/hosts/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatal(paths, err)
	}
	for _, path := range paths {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		files := map[string]string{}
		for _, f := range archive.Files {
			files[f.Name] = string(f.Data)
		}
		host := file(strings.ReplaceAll(files["resolv.conf"], "␍", "\r"))
		for _, c := range []struct {
			name       string
			ipv4, ipv6 bool
		}{{"ipv4", true, false}, {"ipv6", false, true}, {"both", true, true}} {
			t.Run(filepath.Base(path)+"/"+c.name, func(t *testing.T) {
				r, err := Resolve(Sources{Host: host, IPv4: c.ipv4, IPv6: c.ipv6})
				if err != nil {
					t.Fatal(err)
				}
				want, ok := files[c.name]
				if !ok {
					want = files["want"]
				}
				if diff := cmp.Diff(want, string(r.Bytes())); diff != "" {
					t.Error(diff)
				}
				if diff := cmp.Diff(files["warnings"], strings.Join(append(r.Warnings, ""), "\n")); c.name == "both" && diff != "" {
					t.Error(diff)
				}
				checkForm(t, r)
			})
		}
	}
}

func TestReadHost(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	upstream := write("upstream", "nameserver 192.0.2.1\n")
	for _, c := range []struct{ content, want string }{
		{"nameserver 127.0.0.53\n", "nameserver 192.0.2.1\n"},
		{"nameserver 127.0.0.54\nnameserver ::1\n", "nameserver 192.0.2.1\n"},
		{"nameserver ::ffff:127.0.0.53\n", "nameserver 192.0.2.1\n"},
		{"nameserver 127.0.0.1\n", "nameserver 127.0.0.1\n"},
		{"nameserver 127.0.0.53\nnameserver 192.0.2.9\n", "nameserver 127.0.0.53\nnameserver 192.0.2.9\n"},
		{"", ""},
	} {
		path := write("resolv.conf", c.content)
		host, err := ReadHost(path, upstream)
		if err != nil || host.Missing != nil || string(host.Data) != c.want || (host.Path == path) != (c.want == c.content) {
			t.Errorf("ReadHost(%q) = %q, %+v", c.content, err, host)
		}
	}
	if host, err := ReadHost(write("stub", "nameserver 127.0.0.53\n"), filepath.Join(dir, "absent")); string(host.Data) != "nameserver 127.0.0.53\n" || err != nil {
		t.Errorf("no upstream file: %q, %v", host.Data, err)
	}
	line := "nameserver 192.0.2.1\n"
	whole := strings.Repeat("# a line of a comment\n", 100_000) + line // 2.2 MB
	if host, err := ReadHost(write("large", whole), upstream); err != nil || string(host.Data) != whole {
		t.Errorf("a large file: %d bytes, %v", len(host.Data), err)
	}
	big := strings.Repeat("#\n", (maxHostFile-len(line)+4)/2) + line // the limit is inside the address
	if host, err := ReadHost(write("big", big), upstream); err != nil || strings.Contains(string(host.Data), "nameserver") {
		t.Errorf("over the limit: %d bytes, %v", len(host.Data), err)
	}
}

// TestReadHostWithoutFile: what is no file is nothing, and nobody waits for a FIFO (moby#4861).
func TestReadHostWithoutFile(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	for _, err := range []error{
		os.Symlink("loop", at("loop")), os.Symlink("nowhere", at("dangling")), os.Mkdir(at("directory"), 0o700), os.Symlink("directory", at("link")),
		syscall.Mkfifo(at("fifo"), 0o600), os.WriteFile(at("file"), nil, 0o600), os.Symlink("file/resolv.conf", at("below")),
		syscall.Mknod(at("socket"), syscall.S_IFSOCK|0o600, 0),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"absent", "loop", "dangling", "directory", "link", "fifo", "below", "file/resolv.conf", "socket"} {
		if host, err := ReadHost(at(name), at("absent")); err != nil || host.Missing == nil || host.Data != nil {
			t.Errorf("%s: %+v, %v", name, host, err)
		}
	}
	if _, err := ReadHost(at(strings.Repeat("x", 300)), at("absent")); err == nil {
		t.Error("an error that says nothing about the file is none")
	}
}

// TestParseAddr has what res_init(3) of glibc 2.36 makes of a nameserver; integration/resolvers asks the libc of the machine.
func TestParseAddr(t *testing.T) {
	for s, want := range map[string]string{
		"192.168.001.001":             "192.168.1.1",
		"010.0.0.1":                   "8.0.0.1",
		"0300.0250.1.1":               "192.168.1.1",
		"0x0a.1":                      "10.0.0.1",
		"10.1":                        "10.0.0.1",
		"1.2.3":                       "1.2.0.3",
		"167772161":                   "10.0.0.1",
		"0":                           "0.0.0.0",
		"00000000000000000000012.1.1": "10.1.0.1",
		"::ffff:192.0.2.1":            "192.0.2.1",
		"2001:db8::1":                 "2001:db8::1",
		"192.168.001.009":             "", "192.0.2.1x": "", "192.0.2.1;c": "", "192.0.2.1#53": "", "256.1.1.1": "", "0x.1.1.1": "", "1.2.3.": "",
		"1..2.3": "", "4294967296": "", "1.16777216": "", "+1.2.3.4": "", "1_0.2.3.4": "", "1.2.3.4.5": "", "": "", "::ffff:192.168.001.001": "",
	} {
		addr, err := parseAddr(s)
		if (err == nil) != (want != "") || (err == nil && addr.String() != want) {
			t.Errorf("%q: %v, %v; want %q", s, addr, err, want)
		}
	}
}
