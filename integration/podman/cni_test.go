package podman

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// needsCNI ends the test where Podman cannot use CNI: from version 5 it is built so by default, Debian 13's among them. Such a Podman
// runs no plugin, so that there is nothing to test.
func needsCNI(t *testing.T) {
	t.Helper()
	config := filepath.Join(t.TempDir(), "containers.conf")
	if err := os.WriteFile(config, []byte("[network]\nnetwork_backend = \"cni\"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("podman", "--storage-driver=vfs", "--root", t.TempDir(), "--runroot", t.TempDir(), "info")
	cmd.Env = append(os.Environ(), "CONTAINERS_CONF="+config)
	if out, err := cmd.CombinedOutput(); err != nil && strings.Contains(string(out), "cni support is not enabled in this build") {
		t.Skipf("%s", out)
	}
}
