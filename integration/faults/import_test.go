package faults

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/etcfiles/etcfiles/integration/internal/fleet"
	"github.com/etcfiles/etcfiles/integration/internal/straced"
)

// imports are an import that is disturbed: of the containers of another host some stay, one goes, one comes, and one gets another name.
type imports struct {
	f   fleet.Fleet
	all []fleet.Attachment // here
}

const (
	stayingText = "# s1/eth0\n10.9.0.1 remote1 remote1.lab\n# s2/eth0\n10.9.0.2 remote2 shared\nfd09::2 remote2 shared\n"
	beforeText  = stayingText + "# s3/eth0\n10.9.0.3 remote3\n# old/eth0\n10.9.0.4 old\n"
	afterText   = stayingText + "# s3/eth0\n10.9.0.3 remote3 renamed\n# new/eth0\n10.9.0.5 new shared\n"
)

// stayingNames are the remote names that every file has all the time, with the addresses that they have.
var stayingNames = map[string][]string{
	"remote1": {"10.9.0.1"}, "remote1.lab": {"10.9.0.1"}, "remote2": {"10.9.0.2", "fd09::2"}, "remote3": {"10.9.0.3"},
}

func newImports(t *testing.T) *imports {
	t.Helper()
	x := &imports{all: stable()[:6]}
	x.f = newFleet(t, filepath.Join(tmpfs(t, "64m"), "data"), slices.Concat(x.all, []fleet.Attachment{other}))
	for _, a := range x.all {
		x.f.Do(t, "ADD", a)
	}
	x.prepare(t)
	return x
}

// etcfiles runs an admin command behind a prefix.
func (x *imports) etcfiles(stdin string, prefix []string, args ...string) (string, error) {
	argv := slices.Concat(prefix, []string{binary}, args, []string{"--data-dir", x.f.DataDir})
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env = append(os.Environ(), "GOMAXPROCS=2")
	cmd.Stdin = strings.NewReader(stdin)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	return out.String(), err
}

func (x *imports) must(t *testing.T, stdin string, args ...string) {
	t.Helper()
	if out, err := x.etcfiles(stdin, nil, args...); err != nil {
		t.Fatalf("etcfiles %v: %v\n%s", args, err, out)
	}
}

// prepare makes the state before the import.
func (x *imports) prepare(t *testing.T) {
	t.Helper()
	x.must(t, beforeText, "import", "lab", "h2")
	x.check(t, "old")
}

// trace imports what comes after, under strace with further arguments, and returns the log of that.
func (x *imports) trace(t *testing.T, args ...string) (log, out string, err error) {
	t.Helper()
	path := filepath.Join(x.f.Netns, ".log")
	out, err = x.etcfiles(afterText, straced.Command(path, args...), "import", "lab", "h2")
	b, readErr := os.ReadFile(path)
	if readErr != nil {
		t.Fatal(readErr)
	}
	return string(b), out, err
}

// files returns what every hosts file says, by its path: the addresses of each name.
func (x *imports) files(t *testing.T) map[string]map[string][]string {
	t.Helper()
	out := map[string]map[string][]string{}
	paths := []string{x.f.NetworkHosts(x.all[0])}
	for _, a := range x.all {
		paths = append(paths, x.f.Hosts(a))
	}
	for _, path := range paths {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		names := map[string][]string{}
		for _, line := range fleet.Entries(string(b)) {
			fields := strings.Fields(line)
			for _, name := range fields[1:] {
				names[name] = append(names[name], fields[0])
			}
		}
		out[path] = names
	}
	return out
}

// checkStaying finds a name that stays and is not in a file with exactly its own addresses.
func (x *imports) checkStaying(t *testing.T) {
	t.Helper()
	for path, names := range x.files(t) {
		for name, want := range stayingNames {
			if got := names[name]; !slices.Equal(slices.Compact(slices.Sorted(slices.Values(got))), want) {
				t.Errorf("%s has %q for %s, want %q", path, got, name, want)
			}
		}
		for _, a := range x.all {
			if got := names[a.Names()[0]]; !slices.Contains(got, a.Addr) {
				t.Errorf("%s has %q for %s, want %s", path, got, a.Names()[0], a.Addr)
			}
		}
	}
}

// check holds every file against the store, and finds a file without the name.
func (x *imports) check(t *testing.T, name string) {
	t.Helper()
	x.must(t, "", "check")
	x.checkStaying(t)
	for path, names := range x.files(t) {
		if name != "" && len(names[name]) == 0 {
			t.Errorf("%s has no %s", path, name)
		}
	}
}

// goOn does one of several operations after an import that was disturbed, and goes back to the state before it.
func (x *imports) goOn(t *testing.T, variant int) {
	t.Helper()
	switch variant % 3 {
	case 0: // of a container here
		x.f.Do(t, "ADD", fleet.On(other.ID, "eth0", "lab", other.Addr))
		x.check(t, "")
		x.f.Do(t, "DEL", fleet.On(other.ID, "eth0", "lab", other.Addr))
	case 1: // the same again
		x.must(t, afterText, "import", "lab", "h2")
		x.check(t, "new")
	case 2:
		x.must(t, "", "check", "--repair")
	}
	x.check(t, "")
	x.prepare(t)
}

// calls imports undisturbed and returns its calls of the names on the files of the store.
func (x *imports) calls(t *testing.T, names []string) []straced.Point {
	t.Helper()
	var list []straced.Point
	for range 2 { // from the second time on there is room that is used again
		log, out, err := x.trace(t, "-e", "trace="+strings.Join(names, ","))
		if err != nil || out != "" {
			t.Fatalf("%v: %s", err, out)
		}
		x.check(t, "new")
		x.prepare(t)
		list = straced.Points(log, names, x.f.DataDir)
	}
	if len(list) < 20 {
		t.Fatalf("%d calls cannot be all", len(list))
	}
	return list
}

// TestImportKilled kills an import before calls that change a file. Names that stay are in every live file then, and after the next operation
// every file is as the records and the text files say.
func TestImportKilled(t *testing.T) {
	var a aim
	x := newImports(t)
	for i, p := range sample(straced.Changes(x.calls(t, straced.Changing)), 5, 0) {
		a.at(t, func(n int) bool {
			log, _, _ := x.trace(t, p.Kill()...)
			x.checkStaying(t)
			x.goOn(t, i+n)
			return straced.Killed(log)
		})
		if t.Failed() {
			t.Fatalf("killed before %s: %s", p, p.Text)
		}
	}
	a.check(t, fmt.Sprintf("kill -9 before a system call of an import that changes a file, into the files of %d containers", len(x.all)),
		"no stable name was missing, every file exact after the next operation")
}

// TestImportFailed lets calls of an import on the files of the store fail, one by one, and from one on for good.
func TestImportFailed(t *testing.T) {
	names := slices.Sorted(maps.Keys(failing))
	var a aim
	x := newImports(t)
	for i, p := range sample(x.calls(t, names), 12, 0) {
		for j, errno := range failing[p.Name] {
			plus := []string{"", "+"}[(i+j)%2]
			a.at(t, func(n int) bool {
				log, out, err := x.trace(t, "-e", "trace="+p.Name, "-e", fmt.Sprintf("inject=%s:error=%s:when=%d%s", p.Name, errno, p.Number, plus))
				x.checkStaying(t)
				if err == nil && out == "" { // it did without
					x.check(t, "new")
				}
				x.goOn(t, i+j+n)
				return slices.ContainsFunc(strings.Split(log, "\n"), func(l string) bool {
					return strings.Contains(l, "(INJECTED)") && strings.Contains(l, x.f.DataDir)
				})
			})
			if t.Failed() {
				t.Fatalf("%s%s failed with %s: %s", p, plus, errno, p.Text)
			}
		}
	}
	a.check(t, fmt.Sprintf("EMFILE, EIO, ENOSPC or ENOLCK from a system call of an import, once or for good, into the files of %d containers", len(x.all)),
		"no stable name was missing, every file exact after the next operation")
}
