package ocimount

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
)

func procPath(f *os.File) string { return fmt.Sprintf("/proc/self/fd/%d", f.Fd()) }

// scene is a store and a bundle on a tmpfs of a mount namespace that ends with the test.
type scene struct {
	t              *testing.T
	dir, root      string
	hook           Hook
	warned, spoken []string
}

func newScene(t *testing.T) *scene {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root may mount")
	}
	dir := t.TempDir()
	runtime.LockOSThread() // never unlocked: the thread ends with the test, and the namespace with it
	if err := unix.Unshare(unix.CLONE_NEWNS); err != nil {
		t.Fatal("unshare:", err)
	}
	mount(t, "none", "/", "", unix.MS_REC|unix.MS_PRIVATE)
	mount(t, "tmpfs", dir, "tmpfs", 0)
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	s := &scene{t: t, dir: dir, root: dir + "/bundle/rootfs"}
	s.hook = Hook{
		DataDir:  dir + "/data",
		Warnf:    func(format string, args ...any) { s.warned = append(s.warned, fmt.Sprintf(format, args...)) },
		Verbosef: func(format string, args ...any) { s.spoken = append(s.spoken, fmt.Sprintf(format, args...)) },
	}
	writeFile(t, s.stored("hosts"), "store hosts\n")
	writeFile(t, s.stored("resolv.conf"), "store resolv.conf\n")
	writeFile(t, s.stored("hostname"), "store hostname\n")
	for _, name := range []string{"hosts", "resolv.conf", "hostname"} {
		writeFile(t, s.root+"/etc/"+name, "image "+name+"\n")
	}
	mount(t, s.root, s.root, "", unix.MS_BIND)
	return s
}

func (s *scene) stored(name string) string {
	kind := "containers"
	if name == "hosts" {
		kind = "etchosts"
	}
	return filepath.Join(s.dir, "data", kind, "default", "web", name)
}

func mount(t *testing.T, source, target, kind string, flags uintptr) {
	t.Helper()
	if err := unix.Mount(source, target, kind, flags, ""); err != nil {
		t.Fatalf("mount %s: %v", target, err)
	}
}

// run runs the hook with a config.json.
func (s *scene) run(config string) error {
	s.t.Helper()
	writeFile(s.t, s.dir+"/bundle/config.json", config)
	return s.hook.CreateContainer(&specs.State{ID: "web", Bundle: s.dir + "/bundle"})
}

func (s *scene) mustRun(config string) {
	s.t.Helper()
	if err := s.run(config); err != nil {
		s.t.Fatal(err)
	}
}

// wantFile compares the contents of a file in the rootfs, and whether it can be opened for writing.
func (s *scene) wantFile(path, text string, writable bool) {
	s.t.Helper()
	data, err := os.ReadFile(s.root + path)
	if err != nil {
		s.t.Fatal(err)
	}
	if diff := cmp.Diff(text, string(data)); diff != "" {
		s.t.Errorf("%s: %s", path, diff)
	}
	f, err := os.OpenFile(s.root+path, os.O_WRONLY, 0)
	if err == nil {
		f.Close()
	}
	if writable && err != nil || !writable && !errors.Is(err, unix.EROFS) {
		s.t.Errorf("%s: open for writing: %v, want writable %v", path, err, writable)
	}
}

const plainConfig = `{"hostname":"store hostname","root":{"path":"rootfs"}}`

func TestMount(t *testing.T) {
	s := newScene(t)
	s.mustRun(plainConfig)
	for _, name := range []string{"hosts", "resolv.conf", "hostname"} {
		s.wantFile("/etc/"+name, "store "+name+"\n", true)
	}
	f, err := os.OpenFile(s.stored("hosts"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString("more\n"); err != nil {
		t.Fatal(err)
	}
	s.wantFile("/etc/hosts", "store hosts\nmore\n", true)
	if len(s.spoken) != 3 || len(s.warned) != 0 {
		t.Errorf("said %q and warned %q, want a line for each file and no warning", s.spoken, s.warned)
	}
}

// A file that the store does not have is not mounted, and nothing at all is no error.
func TestNothingToMount(t *testing.T) {
	s := newScene(t)
	if err := os.Remove(s.stored("hostname")); err != nil {
		t.Fatal(err)
	}
	s.mustRun(plainConfig)
	s.wantFile("/etc/hosts", "store hosts\n", true)
	s.wantFile("/etc/hostname", "image hostname\n", true)

	s = newScene(t)
	if err := os.RemoveAll(s.dir + "/data"); err != nil {
		t.Fatal(err)
	}
	s.mustRun(plainConfig)
	s.wantFile("/etc/hosts", "image hosts\n", true)
	if len(s.spoken) != 1 || !strings.Contains(s.spoken[0], "nothing to do") {
		t.Errorf("said %q, want one line: nothing to do", s.spoken)
	}
}

func TestMountIsReadonlyWhereTheCoveredIs(t *testing.T) {
	t.Run("root.readonly, before the runtime makes it so", func(t *testing.T) {
		s := newScene(t)
		s.mustRun(`{"hostname":"store hostname","root":{"path":"rootfs","readonly":true}}`)
		s.wantFile("/etc/hosts", "store hosts\n", false)
	})
	t.Run("rootfs mounted read-only", func(t *testing.T) {
		s := newScene(t)
		writeFile(t, s.dir+"/bundle/config.json", plainConfig)
		mount(t, "none", s.root, "", unix.MS_BIND|unix.MS_REMOUNT|unix.MS_RDONLY)
		s.mustRun(plainConfig)
		s.wantFile("/etc/hosts", "store hosts\n", false)
	})
	t.Run("covered mount read-only", func(t *testing.T) {
		s := newScene(t)
		writeFile(t, s.dir+"/theirs", "theirs\n")
		mount(t, s.dir+"/theirs", s.root+"/etc/hosts", "", unix.MS_BIND)
		mount(t, "none", s.root+"/etc/hosts", "", unix.MS_BIND|unix.MS_REMOUNT|unix.MS_RDONLY)
		s.mustRun(plainConfig)
		s.wantFile("/etc/hosts", "store hosts\n", false)
		s.wantFile("/etc/hostname", "store hostname\n", true)
	})
	t.Run("covered tmpfs that the runtime has still to make read-only", func(t *testing.T) {
		s := newScene(t)
		mount(t, "tmpfs", s.root+"/etc", "tmpfs", 0)
		writeFile(t, s.root+"/etc/hosts", "")
		s.mustRun(`{"hostname":"store hostname","root":{"path":"rootfs"},"mounts":[{"destination":"/etc","type":"tmpfs","options":["ro"]}]}`)
		s.wantFile("/etc/hosts", "store hosts\n", false)
		if len(s.warned) != 2 || !strings.Contains(s.warned[0], "read-only") {
			t.Errorf("warned %q, want a line for each of the two missing files", s.warned)
		}
	})
}

func TestBundleMount(t *testing.T) {
	const (
		config  = `{"hostname":"store hostname","root":{"path":"rootfs"},"mounts":[{"destination":"%s","source":"%s","type":"bind"}]}`
		users   = "/srv/hosts"
		podmans = "/run/containers/storage/overlay-containers/c0ffee/userdata/hosts"
	)
	for _, tc := range []struct {
		name, at, source string
		override         bool
		want             string
	}{
		{"the engine's", "/etc/../etc/hosts", podmans, false, "theirs\n"},
		{"the engine's, override", "/etc/../etc/hosts", podmans, true, "store hosts\n"},
		{"the user's", "/etc/hosts", users, false, "theirs\n"},
		{"the user's, override", "/etc/hosts", users, true, "theirs\n"},
		{"the user's by another name, override", "/also/hosts", users, true, "theirs\n"},
		{"the engine's by another name", "/also/hosts", podmans, false, "theirs\n"},
		{"the user's elsewhere", "/etc/passwd", users, false, "store hosts\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := newScene(t)
			s.hook.Override = tc.override
			symlink(t, "etc", s.root+"/also")
			writeFile(t, s.root+"/etc/passwd", "")
			writeFile(t, s.dir+"/theirs", "theirs\n")
			mount(t, s.dir+"/theirs", s.root+tc.at, "", unix.MS_BIND)
			s.mustRun(fmt.Sprintf(config, tc.at, tc.source))
			s.wantFile("/etc/hosts", tc.want, true)
			s.wantFile("/etc/hostname", "store hostname\n", true)
			if len(s.warned) > 0 {
				t.Errorf("warned %q", s.warned)
			}
		})
	}
}

// A mount of the user at the end of an image's link is left alone even where the engine's own covers it.
func TestBundleMountUnderTheEngines(t *testing.T) {
	s := newScene(t)
	s.hook.Override = true
	writeFile(t, s.root+"/data/hosts", "")
	if err := os.Remove(s.root + "/etc/hosts"); err != nil {
		t.Fatal(err)
	}
	symlink(t, "/data/hosts", s.root+"/etc/hosts")
	writeFile(t, s.dir+"/theirs", "theirs\n")
	for range 2 {
		mount(t, s.dir+"/theirs", s.root+"/data/hosts", "", unix.MS_BIND)
	}
	s.mustRun(`{"root":{"path":"rootfs"},"mounts":[{"destination":"/data/hosts","source":"/srv/hosts"},
		{"destination":"/etc/hosts","source":"/var/lib/kubelet/pods/uid/etc-hosts"}]}`)
	s.wantFile("/data/hosts", "theirs\n", true)
}

// What is mounted on a shared mount is mounted on its peers too.
func TestSharedMountIsLeftOut(t *testing.T) {
	for options, want := range map[string]string{"": "volume\n", `"bind","shared"`: "volume\n", `"rprivate"`: "store hosts\n"} {
		s := newScene(t)
		volume := s.dir + "/a volume"
		writeFile(t, volume+"/hosts", "volume\n")
		writeFile(t, volume+"/hostname", "volume\n")
		mount(t, volume, volume, "", unix.MS_BIND)
		mount(t, "none", volume, "", unix.MS_SHARED)
		mount(t, volume, s.root+"/etc", "", unix.MS_BIND)
		if options == `"rprivate"` {
			mount(t, "none", s.root+"/etc", "", unix.MS_PRIVATE)
		}
		s.mustRun(`{"root":{"path":"rootfs"},"mounts":[{"destination":"/etc","source":"` + volume + `","options":[` + options + `]}]}`)
		s.wantFile("/etc/hosts", want, true)
		if data, err := os.ReadFile(volume + "/hosts"); err != nil || string(data) != "volume\n" {
			t.Errorf("options %s: outside the file reads %q, %v", options, data, err)
		}
		shared := slices.ContainsFunc(s.warned, func(line string) bool {
			return strings.HasPrefix(line, "/etc/hosts: not mounted, "+s.root+"/etc is a shared mount")
		})
		if shared != (want == "volume\n") {
			t.Errorf("options %s: warned %q", options, s.warned)
		}
	}
}

// A pod may have a hostname that the CNI plugin is not told: what CRI has mounted is right then.
func TestHostnameOfAnotherIsNotMounted(t *testing.T) {
	const sandbox = "/run/containers/storage/overlay-containers/c0ffee/userdata/"
	for hostname, want := range map[string]string{"chosen": "image hostname\n", "store hostname": "store hostname\n"} {
		s := newScene(t)
		s.hook.Override = true
		s.mustRun(`{"root":{"path":"rootfs"},"hostname":"` + hostname + `","mounts":[{"destination":"/etc/hostname","source":"` + sandbox + `hostname"},{"destination":"/etc/hosts","source":"` + sandbox + `hosts"}]}`)
		s.wantFile("/etc/hostname", want, true)
		s.wantFile("/etc/hosts", "store hosts\n", true)
	}
	s := newScene(t)
	if err := unix.Unshare(unix.CLONE_NEWUTS); err != nil {
		t.Fatal(err)
	}
	if err := unix.Sethostname([]byte("chosen")); err != nil {
		t.Fatal(err)
	}
	s.hook.Override = true
	const joined = `{"root":{"path":"rootfs"},"mounts":[{"destination":"/etc/hostname","source":"` + sandbox + `hostname"}]}`
	s.mustRun(joined)
	s.wantFile("/etc/hostname", "image hostname\n", true)
	if err := unix.Sethostname([]byte("store hostname")); err != nil {
		t.Fatal(err)
	}
	s.mustRun(joined)
	s.wantFile("/etc/hostname", "store hostname\n", true)
}

// Without a UTS namespace of its own a container is called as that is called which it is in, also where nothing is mounted.
func TestSharedHostname(t *testing.T) {
	s := newScene(t)
	if err := unix.Unshare(unix.CLONE_NEWUTS); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"first", "second"} {
		if err := unix.Sethostname([]byte(name)); err != nil {
			t.Fatal(err)
		}
		if name == "first" {
			s.mustRun(`{"root":{"path":"rootfs"},"linux":{"namespaces":[{"type":"uts","path":"/run/uts"}]}}`)
		}
		s.wantFile("/etc/hostname", name+"\n", false)
	}
	s = newScene(t)
	s.mustRun(`{"root":{"path":"rootfs"},"linux":{"namespaces":[{"type":"uts"}]}}`)
	s.wantFile("/etc/hostname", "image hostname\n", true)
}

// Missing targets are made in the rootfs and in a tmpfs of the bundle, and never in a volume.
func TestMissingTarget(t *testing.T) {
	missing := func(t *testing.T) *scene {
		s := newScene(t)
		if err := os.RemoveAll(s.root + "/etc"); err != nil {
			t.Fatal(err)
		}
		if err := os.Mkdir(s.root+"/run", 0o755); err != nil {
			t.Fatal(err)
		}
		symlink(t, "../run/systemd/resolve/stub-resolv.conf", s.root+"/etc/resolv.conf")
		return s
	}
	t.Run("rootfs", func(t *testing.T) {
		s := missing(t)
		s.mustRun(plainConfig)
		s.wantFile("/etc/hosts", "store hosts\n", true)
		s.wantFile("/run/systemd/resolve/stub-resolv.conf", "store resolv.conf\n", true)
	})
	t.Run("tmpfs", func(t *testing.T) {
		s := missing(t)
		mount(t, "tmpfs", s.root+"/run", "tmpfs", 0)
		symlink(t, "../run", s.root+"/var/run")
		s.mustRun(`{"hostname":"store hostname","root":{"path":"rootfs"},"mounts":[{"destination":"/var/run","type":"tmpfs"}]}`)
		s.wantFile("/run/systemd/resolve/stub-resolv.conf", "store resolv.conf\n", true)
	})
	t.Run("tmpfs under a read-only rootfs", func(t *testing.T) {
		s := missing(t)
		mount(t, "tmpfs", s.root+"/run", "tmpfs", 0)
		s.mustRun(`{"hostname":"store hostname","root":{"path":"rootfs","readonly":true},"mounts":[{"destination":"/run","type":"tmpfs"}]}`)
		s.wantFile("/run/systemd/resolve/stub-resolv.conf", "store resolv.conf\n", false)
		s.wantFile("/etc/hosts", "store hosts\n", false)
	})
	t.Run("volume", func(t *testing.T) {
		s := missing(t)
		if err := os.Mkdir(s.dir+"/volume", 0o755); err != nil {
			t.Fatal(err)
		}
		mount(t, s.dir+"/volume", s.root+"/run", "", unix.MS_BIND)
		s.mustRun(`{"hostname":"store hostname","root":{"path":"rootfs"},"mounts":[{"destination":"/run","type":"bind"}]}`)
		s.wantFile("/etc/hosts", "store hosts\n", true)
		if entries, err := os.ReadDir(s.dir + "/volume"); err != nil || len(entries) > 0 {
			t.Errorf("created in the volume: %v %v", entries, err)
		}
		if len(s.warned) != 1 || !strings.HasPrefix(s.warned[0], "/etc/resolv.conf: ") {
			t.Errorf("warned %q, want one line on /etc/resolv.conf", s.warned)
		}
	})
	t.Run("read-only file system", func(t *testing.T) {
		s := missing(t)
		mount(t, "none", s.root, "", unix.MS_BIND|unix.MS_REMOUNT|unix.MS_RDONLY)
		s.mustRun(plainConfig)
		if len(s.warned) != 3 {
			t.Errorf("warned %q, want a line for each file", s.warned)
		}
	})
}

func TestRefusedTargets(t *testing.T) {
	for _, tc := range []struct{ name, to, err string }{
		{"procfs", "/proc/self/attr/exec", "in a file system of the kernel"},
		{"magic link", "/proc/self/root/etc/hosts", "too many levels"},
		{"directory", "/etc", "is a directory"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := newScene(t)
			if err := os.Mkdir(s.root+"/proc", 0o755); err != nil {
				t.Fatal(err)
			}
			mount(t, "proc", s.root+"/proc", "proc", 0)
			if err := os.Remove(s.root + "/etc/hosts"); err != nil {
				t.Fatal(err)
			}
			symlink(t, tc.to, s.root+"/etc/hosts")
			err := s.run(plainConfig)
			if err == nil || !strings.HasPrefix(err.Error(), "/etc/hosts: ") || !strings.Contains(err.Error(), tc.err) {
				t.Errorf("error %v, want /etc/hosts: … %s", err, tc.err)
			}
		})
	}
}

// The mount ends at the rootfs: the host's file of the same name is what it was.
func TestHostFileIsNotCovered(t *testing.T) {
	s := newScene(t)
	outside := s.dir + "/outside/hosts"
	writeFile(t, outside, "host\n")
	if err := os.RemoveAll(s.root + "/etc"); err != nil {
		t.Fatal(err)
	}
	symlink(t, s.dir+"/outside", s.root+"/etc")
	s.mustRun(plainConfig)
	if data, err := os.ReadFile(outside); err != nil || string(data) != "host\n" {
		t.Errorf("the host's file reads %q, %v", data, err)
	}
	s.wantFile(s.dir+"/outside/hosts", "store hosts\n", true)
}

// The store may be on a shared mount, as everything is under systemd; the mount in the container is no peer of that.
func TestMountIsPrivate(t *testing.T) {
	s := newScene(t)
	mount(t, "none", s.dir, "", unix.MS_SHARED)
	s.mustRun(plainConfig)
	data, err := os.ReadFile("/proc/thread-self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for line := range strings.Lines(string(data)) {
		if strings.Contains(line, " "+s.root+"/etc/hosts ") {
			found = true
			if strings.Contains(line, "shared:") || strings.Contains(line, "master:") {
				t.Errorf("not private: %s", line)
			}
		}
	}
	if !found {
		t.Errorf("no mount at %s/etc/hosts", s.root)
	}
}
