package containerdconf

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestLook reads configurations of all versions.
func TestLook(t *testing.T) {
	for _, c := range []struct {
		name, config string
		want         Config
	}{
		{"none", "", Config{Handler: "runc", Version: 1}},
		{"Debian's", debian, Config{Handler: "runc", Version: 2, BinDirs: []string{"/usr/lib/cni"}, ConfDir: "/etc/cni/net.d"}},
		{"Debian's, edited", debian + added, Config{Handler: "runc", Version: 2, BinDirs: []string{"/usr/lib/cni"}, ConfDir: "/etc/cni/net.d", BaseSpec: spec, Table: 11}},
		{
			"version 4",
			"version = 4\nimports = ['/etc/containerd/conf.d/*.toml']\n[plugins.'io.containerd.cri.v1.runtime'.cni]\nbin_dirs = ['/a', '/b']\nbin_dir = ''\n" +
				"[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]\n[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.kata]\n" +
				"[plugins.'io.containerd.nri.v1.nri']\ndisable = false\nplugin_path = '/opt/nri/plugins'\n",
			Config{
				Handler: "runc", Version: 4, Imports: []string{"/etc/containerd/conf.d/*.toml"}, BinDirs: []string{"/a", "/b"}, Table: 6,
				Others: []string{"kata"}, NRIDir: "/opt/nri/plugins",
			},
		},
		{"NRI is disabled", "version = 3\n[plugins.'io.containerd.nri.v1.nri']\ndisable = true\nplugin_path = '/opt'\n", Config{Handler: "runc", Version: 3}},
	} {
		got, err := Look([]byte(c.config))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		} else if diff := cmp.Diff(c.want, *got); diff != "" {
			t.Errorf("%s:\n%s", c.name, diff)
		}
	}
	for _, config := range []string{"[", "disabled_plugins = ['cri']"} {
		if got, err := Look([]byte(config)); err == nil {
			t.Errorf("%s: %+v", config, got)
		}
	}
}

// TestFind finds a handler in files that have a version, or leave that to the file that imports them.
func TestFind(t *testing.T) {
	const table = `[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]`
	for _, c := range []struct {
		config string
		want   Place
	}{
		{"", Place{Name: "[plugins.cri.containerd.runtimes.runc]"}},
		{debian, Place{CRI: 4, Name: table}},
		{debian + added, Place{CRI: 4, Name: table, Table: 11, BaseSpec: spec, SpecLine: 13}},
		{strings.TrimPrefix(added, "\n"), Place{CRI: 1, Name: table, Table: 1, BaseSpec: spec, SpecLine: 3}},
		{
			"[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]\nbase_runtime_spec = ''\n",
			Place{CRI: 1, Name: `[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]`, Table: 1, SpecLine: 2},
		},
	} {
		got, err := Find([]byte(c.config), "runc")
		if diff := cmp.Diff(c.want, got); err != nil || diff != "" {
			t.Errorf("%s: %v\n%s", c.config, err, diff)
		}
	}
	if got, err := Find([]byte("["), "runc"); err == nil {
		t.Errorf("%+v", got)
	}
}

// TestAddition: the lines behind a configuration, and those of a drop-in, are what SetBaseSpec makes.
func TestAddition(t *testing.T) {
	for _, config := range []string{"", "# nothing\n", debian, "version = 3\n", "oom_score = 0\n"} {
		lines, err := Addition([]byte(config), "runc", spec)
		if err != nil {
			t.Errorf("%q: %v", config, err)
			continue
		}
		whole := config + lines
		if got, err := SetBaseSpec([]byte(whole), spec); err != nil || string(got) != whole {
			t.Errorf("%q: %v:\n%s", config, err, whole)
		}
	}
	for _, version := range []int{2, 3, 4} {
		got := DropIn(version, "runc", spec)
		if c, err := Look([]byte(got)); err != nil || c.BaseSpec != spec || c.Version != min(version, 3) {
			t.Errorf("%d: %+v, %v:\n%s", version, c, err, got)
		}
	}
	for config, want := range map[string]string{
		debian + added: "line 11: the table [", "disabled_plugins = ['cri']": "line 1: ", "[": "line 1: ",
		"version = 2\n[plugins.'io.containerd.grpc.v1.cri'.containerd]\nruntimes = {}\n": "line 3: ",
	} {
		if got, err := Addition([]byte(config), "runc", spec); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %s, %v", config, got, err)
		}
	}
}
