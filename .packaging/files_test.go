package main

import (
	"bytes"
	"compress/gzip"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// testRelease returns a release of a source with one program of each kind, each of which is the test itself, and these files beside it.
func testRelease(t *testing.T, files map[string]string) *release {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	binary, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	r := &release{
		source: dir, bin: dir + "/bin", docs: dir + "/docs", out: dir, arch: "arm64", version: "1.2.3+dirty", time: time.Unix(1e9, 0).UTC(),
	}
	all := map[string]string{"README.md": "read", "LICENSE": "license", "conflists/10-bridge.conflist": "{}"}
	for name, content := range files {
		all[name] = content
	}
	for _, program := range []string{"meta/plugin", "hook/hook", "nri/listener"} {
		all["plugins/"+program+"/main.go"] = ""
		all["bin/"+filepath.Base(program)] = string(binary)
	}
	for name, content := range all {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if r.programs, err = findPrograms(r.source, r.bin); err != nil {
		t.Fatal(err)
	}
	// Licenses are looked up from the source, which is to know the modules of the programs.
	for _, name := range []string{"go.mod", "go.sum"} {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

// TestFiles: units, the logrotate file, manual pages and completions go where each kind of package has them.
func TestFiles(t *testing.T) {
	r := testRelease(t, map[string]string{
		"plugins/hook/hook/gc.service":           "[Service]\nExecStart=/opt/cni/bin/hook gc\n",
		"plugins/hook/hook/gc.path":              "[Path]\nPathChanged=/etc/cni/net.d\n",
		"plugins/meta/plugin/etcfiles.logrotate": "/var/log/etcfiles.log {}\n",
		"docs/man/plugin.8":                      "manual",
		"docs/completions/plugin.bash":           "b",
		"docs/completions/plugin.zsh":            "z",
		"docs/completions/plugin.fish":           "f",
	})
	for _, c := range []struct {
		name       string
		layout     *layout
		want, lack []string
	}{
		{"debian", &debian, []string{
			"/usr/lib/cni/plugin", "/usr/bin/plugin -> ../lib/cni/plugin", "/usr/bin/hook", "/usr/libexec/etcfiles/listener",
			"/usr/lib/systemd/system/gc.path", "/etc/logrotate.d/etcfiles config", "/usr/share/man/man8/plugin.8.gz",
			"/usr/share/bash-completion/completions/plugin", "/usr/share/zsh/vendor-completions/_plugin",
			"/usr/share/fish/vendor_completions.d/plugin.fish", "/usr/share/doc/etcfiles/copyright",
			"/usr/share/doc/etcfiles/third-party-licenses", "/usr/share/doc/etcfiles/README.md",
		}, []string{"/opt/", "/usr/local/", "/etc/cni"}},
		{"fedora", &fedora, []string{
			"/usr/libexec/cni/plugin", "/usr/bin/plugin -> ../libexec/cni/plugin", "/etc/logrotate.d/etcfiles config",
			"/usr/share/zsh/site-functions/_plugin", "/usr/share/licenses/etcfiles/LICENSE",
		}, []string{"/opt/", "/usr/local/", "/etc/cni", "/usr/lib/cni"}},
		{"local", &local, []string{
			"/opt/cni/bin/plugin", "/usr/local/bin/plugin -> /opt/cni/bin/plugin", "/usr/local/lib/systemd/system/gc.service",
			"/usr/local/share/doc/etcfiles/examples/etcfiles.logrotate", "/usr/local/share/man/man8/plugin.8.gz",
		}, []string{"/etc/", "/usr/bin", "/usr/share", "/usr/lib"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			files, err := c.layout.files(r)
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]bool{}
			for _, f := range files {
				line := f.path
				if f.target != "" {
					line += " -> " + f.target
				}
				if f.config {
					line += " config"
				}
				got[line] = true
				for _, lack := range c.lack {
					if strings.HasPrefix(f.path, lack) {
						t.Errorf("%s is no place for a file", f.path)
					}
				}
				if want := modeOf(f); f.mode != want {
					t.Errorf("%s: mode %o, want %o", f.path, f.mode, want)
				}
				switch filepath.Base(f.path) {
				case "gc.service":
					if want := "ExecStart=" + c.layout.bin + "/hook gc\n"; !strings.Contains(string(f.content), want) {
						t.Errorf("%s: %q, want %q", f.path, f.content, want)
					}
				case "plugin.8.gz":
					checkManual(t, f.content)
				}
			}
			for _, want := range c.want {
				if !got[want] {
					t.Errorf("%s is missing", want)
				}
			}
		})
	}
}

// modeOf returns the mode that a file is to have, whatever that of its source is.
func modeOf(f file) fs.FileMode {
	switch {
	case f.target != "":
		return 0o777
	case bytes.HasPrefix(f.content, []byte("\x7fELF")):
		return 0o755
	}
	return 0o644
}

func checkManual(t *testing.T, content []byte) {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil || string(text) != "manual" || !z.ModTime.IsZero() || z.Name != "" {
		t.Errorf("manual page: %q of %v with the name %q, %v", text, z.ModTime, z.Name, err)
	}
}

// TestRefusals: what would be packaged wrongly is refused.
func TestRefusals(t *testing.T) {
	for name, files := range map[string]map[string]string{
		"a unit runs another program":          {"plugins/hook/hook/gc.service": "[Service]\nExecStart=-/usr/local/bin/hook gc\n"},
		"a unit runs an unknown program":       {"plugins/hook/hook/gc.service": "[Service]\nExecStart=/opt/cni/bin/hooks gc\n"},
		"a completion for an unknown shell":    {"docs/completions/plugin.tcsh": ""},
		"a file that is in a package is twice": {"plugins/hook/hook/gc.timer": "", "plugins/meta/plugin/gc.timer": ""},
	} {
		if _, err := debian.files(testRelease(t, files)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if place, err := debian.place(program{name: "x", kind: "other"}); err == nil {
		t.Errorf("a program of an unknown kind is at %s", place)
	}
}

// TestScripts: the scripts speak of all units, and of services that stay.
func TestScripts(t *testing.T) {
	u, err := readUnits(testRelease(t, map[string]string{
		"plugins/hook/hook/gc.service":          "[Service]\nType=oneshot\nExecStart=/opt/cni/bin/hook gc\n",
		"plugins/hook/hook/gc.timer":            "[Timer]\n",
		"plugins/meta/plugin/metrics.service":   "[Service]\nExecStart=/opt/cni/bin/plugin metrics\n",
		"plugins/meta/plugin/metrics.logrotate": "",
	}).source)
	if want := (units{"gc.service metrics.service gc.timer", "metrics.service"}); err != nil || u != want {
		t.Errorf("%+v, %v; want %+v", u, err, want)
	}
}
