package containerd

import (
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestBaseSpec shows what base-spec makes of containerd's own specification: the same without limits and with the hooks, which have the
// flags that base-spec was called with. All other tests run with what it prints.
func TestBaseSpec(t *testing.T) {
	onEach(t, ship(shipped), func(t *testing.T, n *node) {
		own := n.run("ctr", "oci", "spec")
		hook := strings.TrimSpace(n.run("readlink", "-f", mountHook))
		for _, c := range []struct{ flags, args, adopt []string }{
			{
				args:  []string{"etcfiles-mount", "--sandbox-annotation=io.kubernetes.cri.sandbox-id", "--override", "createContainer"},
				adopt: []string{"etcfiles", "adopt", "--sandbox-annotation=io.kubernetes.cri.sandbox-id"},
			},
			{
				flags: []string{"--namespace", "lab", "--override"},
				args:  []string{"etcfiles-mount", "--namespace=lab", "--sandbox-annotation=io.kubernetes.cri.sandbox-id", "--override", "createContainer"},
				adopt: []string{"etcfiles", "adopt", "--namespace=lab", "--sandbox-annotation=io.kubernetes.cri.sandbox-id"},
			},
			{
				flags: []string{"--verbose", "--data-dir", "/srv/names", "--sandbox-annotation", "none", "--override"},
				args:  []string{"etcfiles-mount", "--data-dir=/srv/names", "--sandbox-annotation=none", "--verbose=true", "--override", "createContainer"},
			},
		} {
			const path = "/run/spec.json"
			n.makeBaseSpec(path, c.flags...)
			made := n.read(path)
			var got, want map[string]any
			for data, spec := range map[string]*map[string]any{made: &got, own: &want} {
				if err := json.Unmarshal([]byte(data), spec); err != nil {
					t.Fatal(err)
				}
			}
			delete(want["process"].(map[string]any), "rlimits")
			hooks := map[string]any{"createContainer": []any{map[string]any{"path": hook, "args": c.args}}}
			if c.adopt != nil {
				hooks["createRuntime"] = []any{map[string]any{"path": filepath.Dir(hook) + "/etcfiles", "args": c.adopt}}
			}
			want["hooks"] = hooks
			if got, want := marshal(t, got), marshal(t, want); string(got) != string(want) {
				t.Errorf("base-spec %v:\n%s\nwant\n%s", c.flags, got, want)
			}
			n.run("sh", "-ec", mountHook+" "+strings.Join(c.flags, " ")+" base-spec "+path+" <"+path+" >/dev/null")
			if again := n.read(path); again != made {
				t.Errorf("base-spec %v of what it has made:\n%s\nwant\n%s", c.flags, again, made)
			}
		}
	})
}

// TestBaseSpecSet makes a specification that of the handler, by the lines that base-spec prints and by its edit of the configuration:
// the handler has it and is otherwise as before.
func TestBaseSpecSet(t *testing.T) {
	for _, c := range []struct {
		release        release
		printed, edits []string
	}{
		{containerd1, []string{"version = 2"}, []string{"", "version = 2", "oom_score = 0", "[plugins.cri]\n  enable_selinux = true"}},
		{
			containerd2,
			[]string{"", "version = 2", "version = 3", "version = 4"},
			[]string{"", "version = 2", "version = 3", "version = 4", "oom_score = 0"},
		},
	} {
		n := newMachine(t, c.release)
		if err := os.Symlink(pluginDir, n.path(binDir)); err != nil {
			t.Fatal(err)
		}
		lines := n.makeBaseSpec(baseSpec)
		check := func(config string, set func()) {
			n.write(configFile, []byte(config+"\n"))
			before := n.handler()
			set()
			after := n.handler()
			for i, line := range before {
				if strings.HasPrefix(line, "base_runtime_spec") {
					before[i] = "base_runtime_spec = '" + baseSpec + "'"
				}
			}
			if len(before) == 0 || !slices.Equal(before, after) {
				t.Errorf("containerd %s, %q: the handler is\n%s\nwant\n%s", c.release.name, config, strings.Join(after, "\n"), strings.Join(before, "\n"))
			}
		}
		for _, config := range c.printed {
			check(config, func() { n.write(configFile, []byte(config+"\n"+lines)) })
		}
		for _, config := range c.edits {
			check(config, func() { n.makeBaseSpec(baseSpec, "--config", configFile) })
		}
	}
}

// handler returns containerd's settings of the runtime handler runc without its options.
func (n *node) handler() []string {
	n.t.Helper()
	config := strings.ReplaceAll(n.run("containerd", "config", "dump"), `"`, `'`)
	_, config, found := strings.Cut(config, strings.ReplaceAll(n.release.table, `"`, `'`)+".containerd.runtimes.runc]\n")
	if !found {
		n.t.Fatalf("containerd's configuration has no handler runc:\n%s", config)
	}
	var settings []string
	for line := range strings.Lines(config) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		if line[0] == '[' { // the next table
			break
		}
		settings = append(settings, line)
	}
	return settings
}

// TestBaseSpecConfig edits a configuration that is a link, twice: it stays one, and its file keeps its permissions.
func TestBaseSpecConfig(t *testing.T) {
	dir := t.TempDir()
	file, link := dir+"/real.toml", dir+"/config.toml"
	if err := os.WriteFile(file, []byte("version = 3\n# ours\n"), 0o640); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("real.toml", link); err != nil {
		t.Fatal(err)
	}
	const table = `[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]`
	for range 2 {
		cmd := exec.Command(pluginDir+"/etcfiles-mount", "base-spec", "--config", link, dir+"/spec.json")
		cmd.Stdin = strings.NewReader("{}")
		if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "Restart containerd.") {
			t.Fatalf("%v: %s", err, out)
		}
		text, err := os.ReadFile(file)
		if got := string(text); err != nil || !strings.HasPrefix(got, "version = 3\n# ours\n\n"+table) || strings.Count(got, table) != 1 {
			t.Errorf("%v: the configuration is\n%s", err, got)
		}
	}
	if info, err := os.Lstat(link); err != nil || info.Mode().Type() != fs.ModeSymlink {
		t.Errorf("the link: %v, %v", info, err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode() != 0o640 {
		t.Errorf("its file: %v, %v", info, err)
	}
}

// TestBaseSpecRefused has base-spec refuse what would give a specification that no container starts with, or none where containerd
// looks for it. It leaves no file.
func TestBaseSpecRefused(t *testing.T) {
	dir := t.TempDir()
	docker := t.TempDir() + "/config.toml"
	if err := os.WriteFile(docker, []byte("disabled_plugins = [\"cri\"]\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ stdin, path, config, want string }{
		{"", dir + "/spec.json", "", "stdin is empty: pipe the output of `ctr oci spec`"},
		{"{", dir + "/spec.json", "", "the configuration on stdin"},
		{"{}", "spec.json", "", `"spec.json" must be an absolute path`},
		{"{}", dir + "/none/spec.json", "", "no such file or directory"},
		{"{}", dir + "/spec.json", dir, dir + ": is a directory"},
		{"{}", dir + "/spec.json", docker, docker + `: line 1: disabled_plugins has "cri"`},
	} {
		cmd := exec.Command(pluginDir+"/etcfiles-mount", "base-spec", "--config="+c.config, c.path)
		cmd.Stdin = strings.NewReader(c.stdin)
		out, err := cmd.CombinedOutput()
		if line := string(out); err == nil || !strings.HasPrefix(line, "etcfiles-mount: ") || !strings.Contains(line, c.want) || strings.Count(line, "\n") != 1 {
			t.Errorf("base-spec %s of %q: %v: %s; want %q", c.path, c.stdin, err, line, c.want)
		}
	}
	if err := fs.WalkDir(os.DirFS(dir), ".", func(path string, _ fs.DirEntry, _ error) error {
		if path != "." {
			t.Errorf("there is a file %s", path)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}
