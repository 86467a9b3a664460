package containerdconf

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const spec = "/etc/containerd/etcfiles.json"

// debian is what the packages containerd 1.6.20 of Debian 12 and 1.7.24 of Debian 13 have as /etc/containerd/config.toml.
const debian = `version = 2

[plugins]
  [plugins."io.containerd.grpc.v1.cri"]
    [plugins."io.containerd.grpc.v1.cri".cni]
      bin_dir = "/usr/lib/cni"
      conf_dir = "/etc/cni/net.d"
  [plugins."io.containerd.internal.v1.opt"]
    path = "/var/lib/containerd/opt"
`

const added = `
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
  base_runtime_spec = "/etc/containerd/etcfiles.json"
`

// TestSetBaseSpec edits configurations as they are found. Each edit that is done again changes nothing.
func TestSetBaseSpec(t *testing.T) {
	added3 := strings.ReplaceAll(added, "io.containerd.grpc.v1.cri", "io.containerd.cri.v1.runtime")
	for _, c := range []struct{ name, before, after string }{
		{"none", "", "version = 2\n" + added},
		{"blank lines", "\n \n", "version = 2\n" + added},
		{"Debian's", debian, debian + added},
		{"no end of line", "version = 2", "version = 2\n" + added},
		{"version 3", "version = 3\n", "version = 3\n" + added3},
		{"version 4", "version = 4\n", "version = 4\n" + added3},
		{"version 1", "oom_score = 0\n", "oom_score = 0\n" + strings.ReplaceAll(added, `"io.containerd.grpc.v1.cri"`, "cri")},
		{
			"only the options of the handler",
			"version = 2\n[plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes.runc.options]\n  SystemdCgroup = true\n",
			"version = 2\n[plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes.runc.options]\n  SystemdCgroup = true\n" + added,
		},
		{
			"the key is empty",
			"version = 3\n\t[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc] # the default\n\t\tbase_runtime_spec = '' # none\n\t\truntime_type = 'x'\n",
			"version = 3\n\t[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc] # the default\n\t\tbase_runtime_spec = \"" + spec + "\" # none\n\t\truntime_type = 'x'\n",
		},
		{
			"the key is missing",
			"version = 2\r\n  [ plugins . \"io.containerd.grpc.v1.cri\".containerd.runtimes.runc ] # ours\r\n    runtime_type = \"x\"\r\n[a]\r\n",
			"version = 2\r\n  [ plugins . \"io.containerd.grpc.v1.cri\".containerd.runtimes.runc ] # ours\r\n    base_runtime_spec = \"" + spec + "\"\n    runtime_type = \"x\"\r\n[a]\r\n",
		},
		{
			"another default handler",
			"version = 2\n[plugins.\"io.containerd.grpc.v1.cri\".containerd]\ndefault_runtime_name = \"nvidia\"\n[plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes.nvidia]\n" +
				"runtime_type = \"x\"\n",
			"version = 2\n[plugins.\"io.containerd.grpc.v1.cri\".containerd]\ndefault_runtime_name = \"nvidia\"\n[plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes.nvidia]\n" +
				"  base_runtime_spec = \"" + spec + "\"\nruntime_type = \"x\"\n",
		},
		{
			"the table is empty and the last line",
			"version = 2\n[plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes.runc]",
			"version = 2\n[plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes.runc]\n  runtime_type = \"io.containerd.runc.v2\"\n  base_runtime_spec = \"" + spec + "\"",
		},
		{
			"a text that looks like the table",
			"version = 2\nroot = '''\n[plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes.runc]\n'''\n",
			"version = 2\nroot = '''\n[plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes.runc]\n'''\n" + added,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := SetBaseSpec([]byte(c.before), spec)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.after, string(got)); diff != "" {
				t.Error(diff)
			}
			again, err := SetBaseSpec(got, spec)
			if err != nil || string(again) != string(got) {
				t.Errorf("once more: %v\n%s", err, again)
			}
		})
	}
}

// TestSetBaseSpecRefused has it refuse what containerd would not make of the edit what is asked for.
func TestSetBaseSpecRefused(t *testing.T) {
	for _, c := range []struct{ name, config, want string }{
		{"no TOML", "version = 2\n[plugins\n", "line 2: the TOML cannot be read: "},
		{"Docker's", "# of Docker's package\n\ndisabled_plugins = [\"cri\"]\n", `line 3: disabled_plugins has "cri"`},
		{"CRI of 1.x disabled", "version = 2\ndisabled_plugins = ['a', 'io.containerd.grpc.v1.cri']\n", "line 2: disabled_plugins has"},
		{"CRI of 2.x disabled", "version = 3\ndisabled_plugins = ['io.containerd.cri.v1.runtime']\n", "line 2: disabled_plugins has"},
		{"another specification", "version = 2\n" + strings.ReplaceAll(added, spec, "/etc/own.json"), `line 5: the runtime handler runc has the base_runtime_spec "/etc/own.json" already`},
		{"another default handler elsewhere", "version = 3\n[plugins.'io.containerd.cri.v1.runtime'.containerd]\ndefault_runtime_name = 'kata'\n", "the default runtime handler is kata, and its table ["},
		{"twice", "version = 2\n" + added + added, "line 7: the table of line 3 is here again"},
		{"inline", "version = 2\n[plugins.'io.containerd.grpc.v1.cri'.containerd]\nruntimes = { runc = { runtime_type = 'x' } }\n", "line 3: "},
		{"dotted", "version = 2\n[plugins.'io.containerd.grpc.v1.cri'.containerd.runtimes]\nrunc.options.SystemdCgroup = true\n", "line 3: "},
	} {
		got, err := SetBaseSpec([]byte(c.config), spec)
		if err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s: %v; want %s\n%s", c.name, err, c.want, got)
		}
	}
}

// FuzzSetBaseSpec edits any text: what it returns names the specification and is not edited again.
func FuzzSetBaseSpec(f *testing.F) {
	for _, config := range []string{"", debian, debian + added, "disabled_plugins = ['cri']", "version = 3\n[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]\nbase_runtime_spec = ''"} {
		f.Add(config)
	}
	f.Fuzz(func(t *testing.T, config string) {
		once, err := SetBaseSpec([]byte(config), spec)
		if err != nil {
			return
		}
		if !strings.Contains(string(once), spec) {
			t.Fatalf("the path is not in\n%s", once)
		}
		twice, err := SetBaseSpec(once, spec)
		if err != nil || string(twice) != string(once) {
			t.Fatalf("once more: %v\n%s\nbecame\n%s", err, once, twice)
		}
	})
}
