package ocimount

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// FuzzStoreDirs: whatever a container is called and whatever its annotations say, what is mounted into it lies where the
// data directory has a container's files.
func FuzzStoreDirs(f *testing.F) {
	f.Add("web", "/run/containerd/io.containerd.runtime.v2.task/shop/web", "", "", false)
	f.Add("..", "/io.containerd.runtime.v2.task/../x", "..", "a/b", true)
	f.Add("", "", "\x00", ".", true)
	f.Fuzz(func(t *testing.T, id, bundle, namespace, sandbox string, pod bool) {
		state := &specs.State{ID: id, Bundle: bundle}
		if pod {
			state.Annotations = map[string]string{criSandboxID: sandbox}
		}
		dirs, err := storeDirs(state, namespace)
		if err != nil {
			return
		}
		for _, d := range dirs {
			for _, s := range d.sources() {
				parts := strings.Split(s.path, "/")
				if len(parts) != 4 || !filepath.IsLocal(s.path) || filepath.Clean(s.path) != s.path || strings.Contains(s.path, "\x00") {
					t.Fatalf("%s: %q", s.target, s.path)
				}
				if d.annotation != "" && parts[2] != sandbox || d.annotation == "" && !strings.HasSuffix(parts[2], id) || namespace != "" && parts[1] != namespace {
					t.Fatalf("%s: %q is of sandbox %q, namespace %q", s.target, s.path, sandbox, namespace)
				}
			}
		}
	})
}
