package rootless

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/etcfiles/etcfiles/integration/internal/page"
	"github.com/etcfiles/etcfiles/integration/internal/suite"
)

// TestPodman does what the page on drivers says of Podman without root, as it stands.
func TestPodman(t *testing.T) {
	if has, err := suite.PodmanHasCNI(); err != nil {
		t.Fatal(err)
	} else if !has {
		t.Skip("this Podman is built without CNI, and has no networks for hooks without root")
	}
	block, err := page.Find("../../plugins/meta/etcfiles/DRIVERS.md", "rootless Podman")
	if err != nil {
		t.Fatal(err)
	}
	dir := makeDir(t, "testdata/podman.sh")
	install(t, filepath.Join(dir, "conflists"), "../../conflists", "10-bridge.conflist")
	if err := os.WriteFile(filepath.Join(dir, "block.sh"), []byte(block), 0o644); err != nil {
		t.Fatal(err)
	}
	out := asUser(t, dir, filepath.Join(dir, "podman.sh"), dir)
	for _, want := range []string{"\n10.231.10.2     web web.lab ", "\n10.231.10.3     db db.lab ", "k8s.io     lab      web ", "\nnothing is left\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}
