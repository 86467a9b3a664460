package kubehosts

import (
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// statefulSet is what the kubelet writes for a pod of a StatefulSet with aliases.
const statefulSet = `# Kubernetes-managed hosts file.
127.0.0.1	localhost
::1	localhost ip6-localhost ip6-loopback
fe00::0	ip6-localnet
fe00::0	ip6-mcastprefix
fe00::1	ip6-allnodes
fe00::2	ip6-allrouters
10.244.0.5	db-0.db.shop.svc.cluster.local	db-0
fd00:244::5	db-0.db.shop.svc.cluster.local	db-0

# Entries added by HostAliases.
127.0.0.1	foo.local	bar.local
10.1.2.3	foo.remote	bar.remote	localhost
`

var own = []netip.Addr{netip.MustParseAddr("10.244.0.5"), netip.MustParseAddr("fd00:244::5")}

func format(lines []Line) string {
	var b strings.Builder
	for _, l := range lines {
		b.WriteString(l.Address.String() + " " + strings.Join(l.Names, " "))
		if l.Own {
			b.WriteString(" (own)")
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func TestParse(t *testing.T) {
	for name, c := range map[string]struct {
		text, want string
		left       []string
	}{
		"a StatefulSet's pod": {
			statefulSet,
			"10.244.0.5 db-0.db.shop.svc.cluster.local db-0 (own)\nfd00:244::5 db-0.db.shop.svc.cluster.local db-0 (own)\n" +
				"127.0.0.1 foo.local bar.local\n10.1.2.3 foo.remote bar.remote\n",
			[]string{`"localhost": name "localhost" is not usable as a host name: localhost and the names under it are the container itself`},
		},
		"a pod without a subdomain": {"# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n10.244.0.5\tweb\n", "", nil},
		"another's address":         {"10.9.9.9 www.example.com\n10.244.0.5 web\n", "", nil},
		"no hosts file":             {"\x7fELF\x00\x00 \n\xff\xfe", "", nil},
		"a line for an engine":      {aliasesHeading + "\r\n10.1.2.3 a b # c\r\nfe80::1%eth0 zone\n", "10.1.2.3 a b\n", nil},
		"a control character":       {aliasesHeading + "\n10.1.2.3 a\x1b[2J good\n", "10.1.2.3 good\n", []string{`"a\x1b[2J": `}},
	} {
		lines, left := parse(c.text, own)
		if diff := cmp.Diff(c.want, format(lines)); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", name, diff)
		}
		if len(left) != len(c.left) {
			t.Errorf("%s: left out are %q", name, left)
			continue
		}
		for i := range left {
			if !strings.HasPrefix(left[i], c.left[i]) {
				t.Errorf("%s: left out is %q, want %q", name, left[i], c.left[i])
			}
		}
	}
}

// TestBounds: neither a file without an end nor one with names without an end is taken whole.
func TestBounds(t *testing.T) {
	line := "10.1.2.3 " + strings.Repeat("a ", 1) + "\n"
	lines, left := parse(aliasesHeading+"\n"+strings.Repeat(line, 5000), own)
	if len(lines) != maxNames || len(left) != 1 {
		t.Errorf("%d lines, left out: %q", len(lines), left)
	}
	path := filepath.Join(t.TempDir(), "etc-hosts")
	if err := os.WriteFile(path, []byte(strings.Repeat("# long\n", maxFile)), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, left, err := Read(path, own); err != nil || len(left) != 1 {
		t.Errorf("left out: %q, %v", left, err)
	}
}

// TestReadRefuses: only a regular file with one name is read, and nothing is waited for.
func TestReadRefuses(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, []byte(statefulSet), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, make := range map[string]func(path string) error{
		"link":      func(path string) error { return os.Symlink(file, path) },
		"hard link": func(path string) error { return os.Link(file, path) },
		"FIFO":      func(path string) error { return unix.Mkfifo(path, 0o644) },
		"directory": func(path string) error { return os.Mkdir(path, 0o755) },
	} {
		path := filepath.Join(dir, "etc-hosts")
		if err := make(path); err != nil {
			t.Fatal(err)
		}
		if _, _, err := Read(path, own); err == nil {
			t.Errorf("a %s was read", name)
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
}

func TestIsHosts(t *testing.T) {
	for path, want := range map[string]bool{
		"/var/lib/kubelet/pods/5f1e6d0a-0000-4000-8000-000000000000/etc-hosts": true,
		"/data/kubelet/pods/x/etc-hosts":                                       true,
		"/pods/x/etc-hosts":                                                    false,
		"/var/lib/kubelet/pods/x/volumes/etc-hosts":                            false,
		"var/lib/kubelet/pods/x/etc-hosts":                                     false,
		"/var/lib/kubelet/pods/x/../../../etc-hosts":                           false,
		"/etc/hosts": false,
	} {
		if got := IsHosts(path); got != want {
			t.Errorf("%s: %v", path, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(statefulSet)
	f.Fuzz(func(t *testing.T, text string) {
		lines, _ := parse(text, own)
		count := 0
		for _, l := range lines {
			count += len(l.Names)
			if !l.Address.IsValid() || l.Address.Zone() != "" || len(l.Names) == 0 {
				t.Errorf("%+v", l)
			}
			for _, n := range l.Names {
				if strings.ContainsFunc(n, func(r rune) bool { return r <= ' ' || r > '~' || r == '#' }) {
					t.Errorf("name %q", n)
				}
			}
		}
		if count > maxNames {
			t.Errorf("%d names", count)
		}
	})
}
