package ocimount

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/etcfiles/etcfiles/pkg/safefile"
)

func openTestRootfs(t *testing.T, b *bundle) *rootfs {
	t.Helper()
	r, err := openRootfs(b)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.close)
	return r
}

// TestTarget looks up /etc/hosts in a rootfs that lies in a directory with a hosts file and a shadow file of "the host".
func TestTarget(t *testing.T) {
	for _, tc := range []struct {
		name string
		make func(t *testing.T, root string)
		want string // below the rootfs
		err  string
	}{
		{name: "plain", make: func(t *testing.T, root string) { writeFile(t, root+"/etc/hosts", "") }, want: "etc/hosts"},
		{name: "missing", make: func(t *testing.T, root string) { writeFile(t, root+"/etc/passwd", "") }, want: "etc/hosts"},
		{name: "missing directory", want: "etc/hosts"},
		{
			name: "etc leads to an absolute path of the host",
			make: func(t *testing.T, root string) { symlink(t, filepath.Dir(root)+"/etc", root+"/etc") },
			want: "HOST/etc/hosts",
		},
		{
			name: "etc leads up",
			make: func(t *testing.T, root string) { symlink(t, "../../../../../../../../etc", root+"/etc") },
			err:  "too many levels",
		},
		{
			name: "etc leads up and down",
			make: func(t *testing.T, root string) { symlink(t, "../../real", root+"/etc") },
			want: "real/hosts",
		},
		{
			name: "hosts leads to a file of the host by going up",
			make: func(t *testing.T, root string) { symlink(t, "../../etc/shadow", root+"/etc/hosts") },
			want: "etc/shadow",
		},
		{
			name: "hosts leads to a file of the host by its absolute path",
			make: func(t *testing.T, root string) {
				symlink(t, filepath.Dir(root)+"/etc/shadow", root+"/etc/hosts")
			},
			want: "HOST/etc/shadow",
		},
		{
			name: "existing file behind a link",
			make: func(t *testing.T, root string) {
				writeFile(t, root+"/run/x/hosts", "")
				symlink(t, "../run/x/hosts", root+"/etc/hosts")
			},
			want: "run/x/hosts",
		},
		{
			name: "dangling, with missing parents",
			make: func(t *testing.T, root string) { symlink(t, "../run/systemd/resolve/stub", root+"/etc/hosts") },
			want: "run/systemd/resolve/stub",
		},
		{
			name: "dangling through a second link",
			make: func(t *testing.T, root string) {
				symlink(t, "/var/run/./x//y", root+"/etc/hosts")
				symlink(t, "../run", root+"/var/run")
			},
			want: "run/x/y",
		},
		{
			name: "missing directory before ..",
			make: func(t *testing.T, root string) { symlink(t, "/a/b/../hosts", root+"/etc/hosts") },
			want: "a/hosts",
		},
		{name: "loop", make: func(t *testing.T, root string) { symlink(t, "hosts", root+"/etc/hosts") }, err: "too many levels"},
		{
			name: "loop behind a missing directory",
			make: func(t *testing.T, root string) { symlink(t, "/missing/../etc/hosts", root+"/etc/hosts") },
			err:  "too many levels",
		},
		{name: "directory", make: func(t *testing.T, root string) { writeFile(t, root+"/etc/hosts/x", "") }, err: "is a directory"},
		{name: "leads to the root", make: func(t *testing.T, root string) { symlink(t, "/", root+"/etc/hosts") }, err: "is a directory"},
		{name: "etc is a file", make: func(t *testing.T, root string) { writeFile(t, root+"/etc", "") }, err: "not a directory"},
		{
			name: "FIFO",
			make: func(t *testing.T, root string) {
				writeFile(t, root+"/etc/passwd", "")
				if err := unix.Mkfifo(root+"/etc/hosts", 0o644); err != nil {
					t.Fatal(err)
				}
			},
			err: "is not a regular file",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			host := t.TempDir()
			writeFile(t, host+"/etc/hosts", "host")
			writeFile(t, host+"/etc/shadow", "host")
			root := filepath.Join(host, "rootfs")
			if err := os.Mkdir(root, 0o755); err != nil {
				t.Fatal(err)
			}
			if tc.make != nil {
				tc.make(t, root)
			}
			r := openTestRootfs(t, &bundle{dir: host, Root: &specs.Root{Path: "rootfs"}})
			f, err := r.target("/etc/hosts")
			if tc.err != "" {
				if err == nil || !strings.Contains(err.Error(), tc.err) {
					t.Fatalf("error %v, want %q in it", err, tc.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			got, err := os.Readlink(procPath(f))
			if err != nil {
				t.Fatal(err)
			}
			if want := filepath.Join(root, strings.ReplaceAll(tc.want, "HOST", host)); got != want {
				t.Errorf("target is %s, want %s", got, want)
			}
			if again := openAgain(t, r); again != got {
				t.Errorf("the second lookup gives %s, the first gave %s", again, got)
			}
		})
	}
}

func openAgain(t *testing.T, r *rootfs) string {
	t.Helper()
	f, err := safefile.OpenIn(r.dir, "/etc/hosts", unix.O_PATH, unix.RESOLVE_IN_ROOT)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	path, err := os.Readlink(procPath(f))
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func TestReadonlyMount(t *testing.T) {
	for _, tc := range []struct {
		options string
		want    bool
	}{{"", false}, {"rbind ro", true}, {"ro rw", false}, {"rw nosuid rro", true}, {"rro rrw", false}} {
		if got := readonlyMount(&specs.Mount{Options: strings.Fields(tc.options)}); got != tc.want {
			t.Errorf("options %q: read-only %v, want %v", tc.options, got, tc.want)
		}
	}
}

func TestLoadBundle(t *testing.T) {
	dir := t.TempDir()
	for _, tc := range []struct{ name, dir, config, err string }{
		{"relative bundle", "bundle", "", "is not an absolute path"},
		{"no config.json", dir + "/none", "", "no such file"},
		{"no JSON", dir, "{", "decode " + dir + "/config.json"},
		{"no root", dir, "{}", "has no root.path"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			writeFile(t, dir+"/config.json", tc.config)
			if _, err := loadBundle(tc.dir); err == nil || !strings.Contains(err.Error(), tc.err) {
				t.Errorf("error %v, want %q in it", err, tc.err)
			}
		})
	}
	writeFile(t, dir+"/config.json", `{"root":{"path":"/images/one"},"mounts":[{"destination":"/etc//hosts"}]}`)
	b, err := loadBundle(dir)
	if err != nil {
		t.Fatal(err)
	}
	if b.rootPath() != "/images/one" || len(b.Mounts) != 1 || b.joinsNetns() {
		t.Errorf("root %s, mounts %v", b.rootPath(), b.Mounts)
	}
}
