package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/etcfiles/etcfiles/packaging/contents"
)

// testFiles are the plugin with a link among the commands, a hook and a page.
func testFiles(plugins string) []contents.File {
	return []contents.File{
		{Path: plugins + "/etcfiles", Mode: 0o755, Content: []byte("plugin"), Program: "etcfiles"},
		{Path: "/usr/local/bin/etcfiles", Mode: 0o777, Target: contents.Symlink("/usr/local/bin/etcfiles", plugins+"/etcfiles")},
		{Path: "/usr/local/bin/oci-cni-hook", Mode: 0o755, Content: []byte("hook"), Program: "oci-cni-hook"},
		{Path: "/usr/local/share/completions/oci-cni-hook", Mode: 0o644, Content: []byte("completion")},
	}
}

func testInstallation(root, plugins string) *installation {
	return &installation{root: root, list: "/usr/local/share/etcfiles/installed", plugins: plugins}
}

// tree returns the paths below a root, with the content of files and the target of links.
func tree(t *testing.T, root string) map[string]string {
	t.Helper()
	out := map[string]string{}
	if err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == root {
			return err
		}
		name := strings.TrimPrefix(path, root)
		switch {
		case d.IsDir():
			name += "/"
		case d.Type() == fs.ModeSymlink:
			out[name], err = os.Readlink(path)
			return err
		default:
			var text []byte
			text, err = os.ReadFile(path)
			out[name] = string(text)
			return err
		}
		out[name] = ""
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

// TestList: the list has every file and the directories that were made, and those only, also after a second installation.
func TestList(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0o077))
	root := t.TempDir()
	if err := os.MkdirAll(root+"/usr/local/bin", 0o755); err != nil {
		t.Fatal(err)
	}
	before := tree(t, root)
	for range 2 {
		i := testInstallation(root, "/opt/cni/bin")
		if err := i.install(testFiles("/opt/cni/bin")); err != nil {
			t.Fatal(err)
		}
		var want []string
		for path := range tree(t, root) {
			if _, ok := before[path]; !ok {
				want = append(want, path)
			}
		}
		slices.Sort(want)
		if got := tree(t, root)[i.list]; got != strings.Join(want, "\n")+"\n" {
			t.Errorf("%s; want %s", got, strings.Join(want, "\n"))
		}
		for path, mode := range map[string]fs.FileMode{"/opt/cni/bin/etcfiles": 0o755, i.list: 0o644, "/opt": fs.ModeDir | 0o755} {
			if info, err := os.Stat(root + path); err != nil || info.Mode() != mode {
				t.Errorf("%s: %v, %v; want %v", path, info.Mode(), err, mode)
			}
		}
	}
}

// TestOneDirectory: where the directory of plugins is that of commands, or a link to it, no program becomes a link to itself, whichever came first.
func TestOneDirectory(t *testing.T) {
	for _, apart := range []bool{false, true} {
		root := t.TempDir()
		i := testInstallation(root, "/opt/cni/bin")
		if apart {
			if err := i.install(testFiles("/opt/cni/bin")); err != nil {
				t.Fatal(err)
			}
			if err := os.RemoveAll(root + "/opt/cni/bin"); err != nil {
				t.Fatal(err)
			}
		}
		for _, dir := range []string{"/opt/cni", "/usr/local/bin"} {
			if err := os.MkdirAll(root+dir, 0o755); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Symlink("../../usr/local/bin", root+"/opt/cni/bin"); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := i.install(testFiles("/opt/cni/bin")); err != nil {
				t.Fatal(err)
			}
			got := tree(t, root)
			if got["/usr/local/bin/etcfiles"] != "plugin" || got["/usr/local/bin/oci-cni-hook"] != "hook" {
				t.Errorf("there is %v", got)
			}
		}
	}
}

// TestEarlierVersion: an installation into the usual prefix makes links of what an earlier version has put into the usual directory of plugins,
// and one into another prefix leaves that alone.
func TestEarlierVersion(t *testing.T) {
	for usual, want := range map[bool]string{true: "/usr/local/bin/oci-cni-hook", false: "old"} {
		root := t.TempDir()
		if err := os.MkdirAll(root+usualPlugins, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(root+usualPlugins+"/oci-cni-hook", []byte("old"), 0o755); err != nil {
			t.Fatal(err)
		}
		i := testInstallation(root, "/usr/lib/cni")
		i.usual = usual
		if err := i.install(testFiles("/usr/lib/cni")); err != nil {
			t.Fatal(err)
		}
		if got := tree(t, root)[usualPlugins+"/oci-cni-hook"]; got != want {
			t.Errorf("usual %v: %s; want %s", usual, got, want)
		}
	}
}

// TestInterrupted: what an installation that failed has put is in its list, and a temporary file that it left does no harm.
func TestInterrupted(t *testing.T) {
	root := t.TempDir()
	for _, dir := range []string{"/usr/local/bin/oci-cni-hook", "/opt/cni/bin"} { // a directory where a program is to be
		if err := os.MkdirAll(root+dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(root+"/opt/cni/bin/.etcfiles.new", []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	i := testInstallation(root, "/opt/cni/bin")
	err := i.install(testFiles("/opt/cni/bin"))
	if err == nil || !strings.Contains(err.Error(), root+"/usr/local/bin/oci-cni-hook: ") {
		t.Errorf("error %v", err)
	}
	got := tree(t, root)
	if !strings.Contains(got[i.list], "\n/usr/local/bin/etcfiles\n") || got["/opt/cni/bin/etcfiles"] != "plugin" {
		t.Errorf("there is %v", got)
	}
	for path := range got {
		if strings.HasSuffix(path, ".new") {
			t.Errorf("%s is left", path)
		}
	}
}

// TestWrongDirectory: a directory that is relative, or none where one is needed, is refused.
func TestWrongDirectory(t *testing.T) {
	for args, want := range map[string]string{
		"-list /l -prefix local":            "PREFIX=local: want an absolute path; a directory to put it below is DESTDIR",
		"-list /l -nri-plugin-dir nri":      "NRI_PLUGIN_DIR=nri: want an absolute path; a directory to put it below is DESTDIR",
		"-list /l -cni-bin-dir=":            "the CNI plugin needs a directory, CNI_BIN_DIR, and the list of what is installed a path",
		"-prefix /usr -cni-bin-dir /opt/go": "the CNI plugin needs a directory, CNI_BIN_DIR, and the list of what is installed a path",
	} {
		if err := run(strings.Fields(args)); err == nil || err.Error() != want {
			t.Errorf("%s: %v; want %s", args, err, want)
		}
	}
}
