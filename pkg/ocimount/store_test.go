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
		{name: "CRI", state: specs.State{ID: "c1", Bundle: bundle, Annotations: map[string]string{criSandboxID: "pod1"}}, want: []string{"k8s.io/pod1", "shop/shop-c1", "shop/c1", "k8s.io/c1"}},
		{name: "CRI-O", state: specs.State{ID: "c1", Bundle: "/b", Annotations: map[string]string{crioSandboxID: "pod2"}}, want: []string{"k8s.io/pod2", "default/default-c1", "default/c1", "k8s.io/c1"}},
		{name: "pod, namespace given", state: specs.State{ID: "c1", Annotations: map[string]string{criSandboxID: "pod1"}}, namespace: "lab", want: []string{"lab/pod1", "lab/lab-c1", "lab/c1"}},
		{name: "both annotations", state: specs.State{ID: "c1", Annotations: map[string]string{criSandboxID: "pod1", crioSandboxID: "pod2"}}, namespace: "lab", want: []string{"lab/pod1", "lab/pod2", "lab/lab-c1", "lab/c1"}},
		{name: "containerd's own pod", state: specs.State{ID: "c1", Bundle: "/run/containerd/io.containerd.runtime.v2.task/k8s.io/c1"}, want: []string{"k8s.io/k8s.io-c1", "k8s.io/c1"}},
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
	candidates := []storeDir{{namespace: "default", id: "default-web"}, {namespace: "default", id: "web"}}
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
			sources, err := openSources(dir, candidates, netns{4, 5}, func(storeDir) {})
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

// TestWhoseFiles: the network namespace of the record decides, and where that is not known the container's own ID.
func TestWhoseFiles(t *testing.T) {
	own := storeDir{namespace: "default", id: "default-web"}
	annotated := storeDir{namespace: "default", id: "default-web", annotation: criSandboxID}
	const (
		meta   = "etchosts/default/default-web/meta.json"
		beside = "etchosts/default/default-web/netns"
	)
	for _, tc := range []struct {
		name         string
		files        map[string]string
		byID, byNote bool // whether the files are mounted by the container's own ID, by an annotation
		err          string
	}{
		{name: "no record", byID: true},
		{name: "the record's", files: map[string]string{meta: `{"Etcfiles":{"Version":1,"Netns":{"Path":"/x","Device":4,"Inode":5}}}`}, byID: true, byNote: true},
		{name: "another device", files: map[string]string{meta: `{"Etcfiles":{"Netns":{"Device":3,"Inode":5}}}`}},
		{name: "another inode", files: map[string]string{meta: `{"Etcfiles":{"Netns":{"Device":4,"Inode":6}}}`}},
		{name: "nerdctl's record", files: map[string]string{meta: `{"ID":"default-web","Networks":{}}`}, byID: true},
		{name: "a record that does not say", files: map[string]string{meta: `{"Etcfiles":{"Netns":{"Path":"/x","Device":0,"Inode":0}}}`}, byID: true},
		{name: "a record that is none", files: map[string]string{meta: `{"Etcfiles":{"Netns":{"Device":4,`}, byID: true},
		{name: "beside it, for who may not read it", files: map[string]string{beside: "4 5\n"}, byID: true, byNote: true},
		{name: "another beside it", files: map[string]string{beside: "4 6\n"}},
		{name: "nothing beside it", files: map[string]string{beside: ""}, byID: true},
		{name: "garbage beside it", files: map[string]string{beside: "five\n"}, byID: true},
		{name: "the record counts", files: map[string]string{meta: `{"Etcfiles":{"Netns":{"Device":4,"Inode":5}}}`, beside: "4 6\n"}, byID: true, byNote: true},
		{name: "a link beside it", files: map[string]string{beside: "->4 5"}, err: "a symbolic link in the store"},
		{name: "a link for a record", files: map[string]string{meta: "->/etc/passwd"}, err: "a symbolic link in the store"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := t.TempDir()
			writeFile(t, dir+"/etchosts/default/default-web/hosts", "")
			for path, text := range tc.files {
				if to, link := strings.CutPrefix(text, "->"); link {
					symlink(t, to, dir+"/"+path)
				} else {
					writeFile(t, dir+"/"+path, text)
				}
			}
			for candidate, want := range map[storeDir]bool{own: tc.byID, annotated: tc.byNote} {
				var passed []storeDir
				sources, err := openSources(dir, []storeDir{candidate}, netns{4, 5}, func(d storeDir) { passed = append(passed, d) })
				closeSources(sources)
				if tc.err != "" {
					if err == nil || !strings.Contains(err.Error(), tc.err) {
						t.Errorf("error %v, want %q in it", err, tc.err)
					}
					continue
				}
				if err != nil || len(sources) > 0 != want || len(passed) > 0 == want {
					t.Errorf("annotation %q: %d files, passed over %v, %v; want them: %v", candidate.annotation, len(sources), passed, err, want)
				}
			}
		})
	}
}
