package ocimount

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/opencontainers/runtime-spec/specs-go"
)

// writeFile makes a file with its parents.
func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func symlink(t *testing.T, to, path string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(to, path); err != nil {
		t.Fatal(err)
	}
}

func TestStoreDirs(t *testing.T) {
	const bundle = "/run/containerd/io.containerd.runtime.v2.task/shop/web"
	for _, tc := range []struct {
		name      string
		state     specs.State
		namespace string
		want      []string
		err       string
	}{
		{name: "plain", state: specs.State{ID: "web", Bundle: "/b/web"}, want: []string{"default/default-web", "default/web", "k8s.io/web"}},
		{name: "namespace given", state: specs.State{ID: "web", Bundle: bundle}, namespace: "lab", want: []string{"lab/lab-web", "lab/web"}},
		{name: "namespace with a dash", state: specs.State{ID: "web"}, namespace: "a-b", want: []string{"a-b/a--b-web", "a-b/a-b-web", "a-b/web"}},
		{name: "ID that CNI does not take", state: specs.State{ID: "a+b"}, want: []string{"default/default-a+b", "default/a+b", "k8s.io/a+b"}},
		{name: "containerd bundle", state: specs.State{ID: "web", Bundle: bundle + "/"}, want: []string{"shop/shop-web", "shop/web", "k8s.io/web"}},
		{name: "bundle only looks like containerd's", state: specs.State{ID: "web", Bundle: bundle + "/deeper"}, want: []string{"default/default-web", "default/web", "k8s.io/web"}},
		{name: "CRI", state: specs.State{ID: "c1", Bundle: bundle, Annotations: map[string]string{criSandboxID: "pod1"}}, want: []string{"k8s.io/pod1"}},
		{name: "CRI-O", state: specs.State{ID: "c1", Bundle: "/b", Annotations: map[string]string{crioSandboxID: "pod2"}}, want: []string{"k8s.io/pod2"}},
		{name: "pod, namespace given", state: specs.State{ID: "c1", Annotations: map[string]string{criSandboxID: "pod1"}}, namespace: "lab", want: []string{"lab/pod1"}},
		{name: "no ID", err: `container ID ""`},
		{name: "ID climbs", state: specs.State{ID: ".."}, err: `container ID ".."`},
		{name: "ID with a slash", state: specs.State{ID: "a/b"}, err: `container ID "a/b"`},
		{name: "ID with NUL", state: specs.State{ID: "a\x00b"}, err: `container ID "a\x00b"`},
		{name: "sandbox ID climbs", state: specs.State{ID: "c1", Annotations: map[string]string{criSandboxID: "../x"}}, err: "annotation " + criSandboxID},
		{name: "sandbox ID empty", state: specs.State{ID: "c1", Annotations: map[string]string{crioSandboxID: ""}}, err: "annotation " + crioSandboxID},
		{name: "namespace climbs", state: specs.State{ID: "c1"}, namespace: "../..", err: `namespace "../.."`},
		{name: "namespace of a pod climbs", state: specs.State{ID: "c1", Annotations: map[string]string{criSandboxID: "p"}}, namespace: ".", err: `namespace "."`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dirs, err := storeDirs(&tc.state, tc.namespace)
			if tc.err != "" {
				if err == nil || !strings.HasPrefix(err.Error(), tc.err) {
					t.Fatalf("error %v, want one that begins with %q", err, tc.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, d := range dirs {
				got = append(got, d.String())
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestOpenSources(t *testing.T) {
	candidates := []storeDir{{"default", "default-web"}, {"default", "web"}}
	const (
		hosts   = "etchosts/default/web/hosts"
		resolv  = "containers/default/web/resolv.conf"
		hosts2  = "etchosts/default/default-web/hosts"
		outside = "outside"
	)
	for _, tc := range []struct {
		name string
		make func(t *testing.T, dir string)
		want []string
		err  string
	}{
		{name: "no data directory"},
		{name: "nothing for it", make: func(t *testing.T, dir string) { writeFile(t, dir+"/etchosts/default/db/hosts", "") }},
		{
			name: "record without files",
			make: func(t *testing.T, dir string) { writeFile(t, dir+"/etchosts/default/default-web/meta.json", "{}") },
		},
		{
			name: "each if it exists",
			make: func(t *testing.T, dir string) { writeFile(t, dir+"/"+hosts, ""); writeFile(t, dir+"/"+resolv, "") },
			want: []string{hosts, resolv},
		},
		{
			name: "first candidate alone",
			make: func(t *testing.T, dir string) { writeFile(t, dir+"/"+hosts2, ""); writeFile(t, dir+"/"+resolv, "") },
			want: []string{hosts2},
		},
		{
			name: "file is a symbolic link",
			make: func(t *testing.T, dir string) {
				writeFile(t, filepath.Join(filepath.Dir(dir), outside), "secret")
				symlink(t, filepath.Join(filepath.Dir(dir), outside), dir+"/"+hosts)
			},
			err: "a symbolic link in the store",
		},
		{
			name: "directory is a symbolic link",
			make: func(t *testing.T, dir string) {
				writeFile(t, filepath.Join(filepath.Dir(dir), "elsewhere/hosts"), "secret")
				symlink(t, filepath.Join(filepath.Dir(dir), "elsewhere"), dir+"/etchosts/default/web")
			},
			err: "a symbolic link in the store",
		},
		{
			name: "directory in place of the file",
			make: func(t *testing.T, dir string) { writeFile(t, dir+"/"+resolv+"/x", "") },
			err:  "is a directory",
		},
		{
			name: "data directory itself is a symbolic link",
			make: func(t *testing.T, dir string) {
				writeFile(t, filepath.Join(filepath.Dir(dir), "real", hosts), "")
				symlink(t, "real", dir)
			},
			want: []string{hosts},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "data")
			if tc.make != nil {
				tc.make(t, dir)
			}
			sources, err := openSources(dir, candidates)
			defer closeSources(sources)
			if tc.err != "" {
				if err == nil || !strings.Contains(err.Error(), tc.err) {
					t.Fatalf("error %v, want %q in it", err, tc.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, s := range sources {
				got = append(got, s.path)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
