package sandbox

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/etcfiles/etcfiles/pkg/safefile"
)

func TestDatabases(t *testing.T) {
	const text = "# hosts: no\npasswd: files\n hosts :\tfiles [!UNAVAIL=return] mdns4_minimal [NOTFOUND=return]dns # myhostname\nhosts: late\n"
	if got, ok := Databases([]byte(text), "hosts"); !ok || !slices.Equal(got, []string{"files", "mdns4_minimal", "dns"}) {
		t.Errorf("%q %v", got, ok)
	}
	if got, ok := Databases([]byte("hosts: dns [a=b files\n"), "hosts"); !ok || !slices.Equal(got, []string{"dns"}) {
		t.Errorf("%q %v", got, ok)
	}
	for _, none := range []string{"", "hosts", "#hosts: files", "hostsx: files"} {
		if got, ok := Databases([]byte(none), "hosts"); ok {
			t.Errorf("%q has %q", none, got)
		}
	}
}

func FuzzDatabases(f *testing.F) {
	f.Add("hosts: files [x] dns")
	f.Fuzz(func(t *testing.T, text string) {
		services, _ := Databases([]byte(text), "hosts")
		for _, s := range services {
			if s == "" || strings.ContainsAny(s, "[ \t\n#") {
				t.Errorf("%q of %q", s, text)
			}
		}
	})
}

func TestRootsOfThisProcess(t *testing.T) {
	id, err := namespaceOf("/proc/self", "net")
	if err != nil {
		t.Fatal(err)
	}
	found, err := Roots(id, Namespace{id.Device, 1})
	if err != nil {
		t.Fatal(err)
	}
	var own int
	for _, r := range found[id] {
		if r.Host {
			own++
			if !r.HostDir || r.Cgroups == "" {
				t.Errorf("root %+v of this process", r)
			}
		}
		r.Close()
	}
	if own != 1 {
		t.Errorf("%d roots of this mount namespace, want 1", own)
	}
}

// TestHostileRoot is a root whose owner has made of the paths what it could.
func TestHostileRoot(t *testing.T) {
	outer := t.TempDir()
	dir := filepath.Join(outer, "root")
	for _, err := range []error{
		os.Mkdir(dir, 0o755),
		os.WriteFile(filepath.Join(outer, "secret"), []byte("outside"), 0o600),
		os.WriteFile(filepath.Join(dir, "file"), []byte("inside"), 0o600),
		unix.Mkfifo(filepath.Join(dir, "fifo"), 0o600),
		os.Symlink("../../../../../"+outer+"/secret", filepath.Join(dir, "up")),
		os.Symlink(filepath.Join(outer, "secret"), filepath.Join(dir, "absolute")),
		os.Symlink("/file", filepath.Join(dir, "link")),
		os.Symlink("loop", filepath.Join(dir, "loop")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	f, err := os.OpenFile(dir, unix.O_PATH, 0)
	if err != nil {
		t.Fatal(err)
	}
	r := &Root{dir: f}
	defer r.Close()
	for path, want := range map[string]string{"/file": "inside", "/link": "inside", "../../file": "inside"} {
		if got, err := r.Read(t.Context(), path, 100); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v", path, got, err)
		}
	}
	if got, err := r.Read(t.Context(), "/file", 2); err != nil || string(got) != "in" {
		t.Errorf("limit: %q, %v", got, err)
	}
	start := time.Now()
	for path, want := range map[string]error{
		"/up": fs.ErrNotExist, "/absolute": fs.ErrNotExist, "/loop": unix.ELOOP, "/fifo": safefile.ErrNotRegular, "/": safefile.ErrNotRegular,
	} {
		if got, err := r.Read(t.Context(), path, 100); !errors.Is(err, want) {
			t.Errorf("%s: %q, %v", path, got, err)
		}
	}
	if took := time.Since(start); took > Patience/2 {
		t.Errorf("it took %v", took)
	}
}

func TestPatience(t *testing.T) {
	block := make(chan struct{})
	defer close(block)
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	hang := func() (int, error) { <-block; return 0, nil }
	for range 2 * cap(slots) {
		if _, err := withPatience(ctx, "/slow", hang); !errors.Is(err, ErrTimeout) || !strings.Contains(err.Error(), "/slow") {
			t.Fatalf("%v", err)
		}
	}
}
