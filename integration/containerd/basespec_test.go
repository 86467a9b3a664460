package containerd

import (
	"encoding/json"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
)

// TestBaseSpec shows what base-spec makes of containerd's own specification: the same without limits and with the hook, which has the
// flags that base-spec was called with. All other tests run with what it prints.
func TestBaseSpec(t *testing.T) {
	onEach(t, ship(shipped), func(t *testing.T, n *node) {
		own := n.run("ctr", "oci", "spec")
		hook := strings.TrimSpace(n.run("readlink", "-f", mountHook))
		for _, c := range []struct{ flags, args []string }{
			{args: []string{"etcfiles-mount", "--override", "createContainer"}},
			{
				flags: []string{"--verbose", "--data-dir", "/srv/names", "--override"},
				args:  []string{"etcfiles-mount", "--data-dir=/srv/names", "--verbose=true", "--override", "createContainer"},
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
			want["hooks"] = map[string]any{"createContainer": []any{map[string]any{"path": hook, "args": c.args}}}
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

// TestBaseSpecLines adds all the lines that base-spec prints to configurations of containerd that have none of their own: the handler
// has its specification and is otherwise as before.
func TestBaseSpecLines(t *testing.T) {
	for _, c := range []struct {
		release  release
		versions []string
	}{
		{containerd1, []string{"version = 2"}},
		{containerd2, []string{"", "version = 2", "version = 3", "version = 4"}},
	} {
		n := newMachine(t, c.release)
		if err := os.Symlink(pluginDir, n.path(binDir)); err != nil {
			t.Fatal(err)
		}
		lines := n.makeBaseSpec(baseSpec)
		for _, version := range c.versions {
			n.write(configFile, []byte(version+"\n"))
			before := n.handler()
			n.write(configFile, []byte(version+"\n"+lines))
			after := n.handler()
			for i, line := range before {
				if strings.HasPrefix(line, "base_runtime_spec") {
					before[i] = "base_runtime_spec = '" + baseSpec + "'"
				}
			}
			if len(before) == 0 || !slices.Equal(before, after) {
				t.Errorf("containerd %s, %q: the handler is\n%s\nwant\n%s", c.release.name, version, strings.Join(after, "\n"), strings.Join(before, "\n"))
			}
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

// TestBaseSpecRefused has base-spec refuse what would give a specification that no container starts with, or none where containerd
// looks for it. It leaves no file.
func TestBaseSpecRefused(t *testing.T) {
	dir := t.TempDir()
	n := newMachine(t, containerd2)
	for _, c := range []struct{ stdin, path, want string }{
		{"", dir + "/spec.json", "stdin is empty: pipe the output of `ctr oci spec`"},
		{"{", dir + "/spec.json", "the configuration on stdin"},
		{"{}", "spec.json", `"spec.json" must be an absolute path`},
		{"{}", dir + "/none/spec.json", "no such file or directory"},
	} {
		cmd := n.command(pluginDir+"/etcfiles-mount", "base-spec", c.path)
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
