package ocihook

import (
	"os"
	"path/filepath"
	"testing"

	specs "github.com/opencontainers/runtime-spec/specs-go"

	"github.com/etcfiles/etcfiles/pkg/ocistate"
)

// TestStillLives: poststop is refused while the process of the state lives, not for another that has its ID since.
func TestStillLives(t *testing.T) {
	self := processOf(os.Getpid())
	pids, err := pidNamespace()
	if err != nil {
		t.Fatal(err)
	}
	reused := self
	reused.Start--
	for _, test := range []struct {
		name   string
		status specs.ContainerState
		pid    int
		r      *record
		lives  bool
	}{
		{"runc's state", specs.StateStopped, 0, &record{Process: self, PIDNamespace: pids}, false},
		{"it lives", specs.StateRunning, self.PID, &record{Process: self, PIDNamespace: pids}, true},
		{"it lives, without a record", specs.StateCreated, self.PID, nil, true},
		{"another process has its ID", specs.StateStopped, self.PID, &record{Process: reused, PIDNamespace: pids}, false},
		{"a record from another PID namespace", specs.StateRunning, self.PID, &record{Process: reused, PIDNamespace: pids + 1}, true},
		{"a VM runtime's own process", "", self.PID, &record{Process: self, PIDNamespace: pids}, false},
		{"no such process", specs.StateRunning, 1 << 30, nil, false},
		{"nonsense", specs.StateRunning, -1, nil, false},
	} {
		c := &ocistate.Container{State: specs.State{ID: "web", Status: test.status, Pid: test.pid}}
		if err := stillLives(c, test.r); (err != nil) != test.lives {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

// TestOccupant: whose process shows that an ID is taken.
func TestOccupant(t *testing.T) {
	self := processOf(os.Getpid())
	pids, err := pidNamespace()
	if err != nil {
		t.Fatal(err)
	}
	own, err := netnsAt("/proc/self/ns/net")
	if err != nil {
		t.Fatal(err)
	}
	ended := process{self.PID, self.Start - 1}
	other := netns{own.Device, 1}
	for _, test := range []struct {
		name  string
		r     record
		netns netns
		taken bool
	}{
		{"its process lives", record{Process: self, PIDNamespace: pids}, other, true},
		{"it has ended", record{Process: ended, PIDNamespace: pids, Bundle: "/b"}, other, false},
		{"it has ended, others are in its netns, the same bundle", record{Process: ended, PIDNamespace: pids, Bundle: "/b", Netns: own}, other, false},
		{"it has ended, others are in its netns, another bundle", record{Process: ended, PIDNamespace: pids, Bundle: "/a", Netns: own}, other, true},
		{"in the netns of the new one", record{Process: ended, PIDNamespace: pids, Bundle: "/a", Netns: own}, own, false},
		{"of another PID namespace, its netns in use", record{Process: self, PIDNamespace: pids + 1, Bundle: "/b", Netns: own}, other, true},
		{"of another PID namespace, its netns gone", record{Process: self, PIDNamespace: pids + 1, Bundle: "/b", Netns: other}, netns{}, false},
		{"no process is known", record{PIDNamespace: pids, Bundle: "/b", Netns: own}, other, true},
	} {
		if pid := test.r.occupant("/b", test.netns); (pid != 0) != test.taken {
			t.Errorf("%s: process %d", test.name, pid)
		}
	}
}

// TestOfBundle: a bundle is the same by any of its paths, also when it has gone, and when nobody knows better.
func TestOfBundle(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	web, link, via := filepath.Join(dir, "web"), filepath.Join(dir, "link"), filepath.Join(dir, "via")
	if err := os.Mkdir(web, 0o755); err != nil {
		t.Fatal(err)
	}
	for to, from := range map[string]string{link: web, via: dir} {
		if err := os.Symlink(from, to); err != nil {
			t.Fatal(err)
		}
	}
	r := &record{}
	if !r.of(web) {
		t.Error("a record of the version before is of no bundle")
	}
	r.setBundle(link)
	for path, want := range map[string]bool{
		"": true, web: true, web + "/": true, link: true, filepath.Join(via, "web"): true, filepath.Join(dir, "other"): false, dir: false,
	} {
		if r.of(path) != want {
			t.Errorf("%s: %v", path, !want)
		}
	}
	if err := os.Remove(web); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{web, filepath.Join(via, "web"), link} {
		if !r.of(path) {
			t.Errorf("%s, after it has gone: another bundle", path)
		}
	}
}
