package contents

import (
	"bytes"
	"compress/gzip"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// testSource returns a source with one program of each kind, each of which is the test itself, and these files beside it.
func testSource(t *testing.T, files map[string]string) *Source {
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
	s := &Source{Root: dir, Docs: dir + "/docs"}
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
	if s.Programs, err = FindPrograms(dir, dir+"/bin"); err != nil {
		t.Fatal(err)
	}
	// Licenses are looked up from the source, which is to know the modules of the programs.
	for _, name := range []string{"go.mod", "go.sum"} {
		content, err := os.ReadFile("../" + name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// TestFiles: units, the logrotate file, manual pages and completions go where each kind of package has them.
func TestFiles(t *testing.T) {
	s := testSource(t, map[string]string{
		"plugins/hook/hook/gc.service":           "[Service]\nExecStart=/usr/local/bin/hook gc\n",
		"plugins/hook/hook/gc.path":              "[Path]\nPathChanged=/etc/cni/net.d\n",
		"plugins/meta/plugin/etcfiles.logrotate": "/var/log/etcfiles.log {}\n",
		"docs/man/plugin.8":                      "manual",
		"docs/completions/plugin.bash":           "b",
		"docs/completions/plugin.zsh":            "z",
		"docs/completions/plugin.fish":           "f",
	})
	for _, c := range []struct {
		name       string
		layout     *Layout
		want, lack []string
	}{
		{"debian", &Debian, []string{
			"/usr/lib/cni/plugin", "/usr/bin/plugin -> ../lib/cni/plugin", "/usr/bin/hook", "/usr/libexec/etcfiles/listener",
			"/usr/lib/systemd/system/gc.path", "/etc/logrotate.d/etcfiles config", "/usr/share/man/man8/plugin.8.gz",
			"/usr/share/bash-completion/completions/plugin", "/usr/share/zsh/vendor-completions/_plugin",
			"/usr/share/fish/vendor_completions.d/plugin.fish", "/usr/share/doc/etcfiles/copyright",
			"/usr/share/doc/etcfiles/third-party-licenses", "/usr/share/doc/etcfiles/README.md",
		}, []string{"/opt/", "/usr/local/", "/etc/cni"}},
		{"fedora", &Fedora, []string{
			"/usr/libexec/cni/plugin", "/usr/bin/plugin -> ../libexec/cni/plugin", "/etc/logrotate.d/etcfiles config",
			"/usr/share/zsh/site-functions/_plugin", "/usr/share/licenses/etcfiles/LICENSE",
		}, []string{"/opt/", "/usr/local/", "/etc/cni", "/usr/lib/cni"}},
		{"local", Local("/usr/local", "/opt/cni/bin"), []string{
			"/opt/cni/bin/plugin", "/usr/local/bin/plugin -> /opt/cni/bin/plugin", "/usr/local/lib/systemd/system/gc.service",
			"/usr/local/share/doc/etcfiles/examples/etcfiles.logrotate", "/usr/local/share/man/man8/plugin.8.gz",
		}, []string{"/etc/", "/usr/bin", "/usr/share", "/usr/lib"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			files, err := c.layout.Files(s)
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]bool{}
			for _, f := range files {
				line := f.Path
				if f.Target != "" {
					line += " -> " + f.Target
				}
				if f.Config {
					line += " config"
				}
				got[line] = true
				for _, lack := range c.lack {
					if strings.HasPrefix(f.Path, lack) {
						t.Errorf("%s is no place for a file", f.Path)
					}
				}
				if want := modeOf(f); f.Mode != want {
					t.Errorf("%s: mode %o, want %o", f.Path, f.Mode, want)
				}
				switch filepath.Base(f.Path) {
				case "gc.service":
					if want := "ExecStart=" + c.layout.bin + "/hook gc\n"; !strings.Contains(string(f.Content), want) {
						t.Errorf("%s: %q, want %q", f.Path, f.Content, want)
					}
				case "plugin.8.gz":
					checkManual(t, f.Content)
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
func modeOf(f File) fs.FileMode {
	switch {
	case f.Target != "":
		return 0o777
	case bytes.HasPrefix(f.Content, []byte("\x7fELF")):
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
		"a unit runs another program":          {"plugins/hook/hook/gc.service": "[Service]\nExecStart=-/opt/cni/bin/hook gc\n"},
		"a unit runs an unknown program":       {"plugins/hook/hook/gc.service": "[Service]\nExecStart=/usr/local/bin/hooks gc\n"},
		"a completion for an unknown shell":    {"docs/completions/plugin.tcsh": ""},
		"a file that is in a package is twice": {"plugins/hook/hook/gc.timer": "", "plugins/meta/plugin/gc.timer": ""},
	} {
		if _, err := Debian.Files(testSource(t, files)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if place, err := Debian.place(Program{Name: "x", Kind: "other"}); err == nil {
		t.Errorf("a program of an unknown kind is at %s", place)
	}
}
