package suite

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// PodmanHasCNI reports whether the Podman of this machine can use CNI: from version 5 it is built without by default, Debian
// 13's among them. Such a Podman runs no plugin.
func PodmanHasCNI() (has bool, err error) {
	dir, err := os.MkdirTemp("", "etcfiles-podman-")
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	config := filepath.Join(dir, "containers.conf")
	if err := os.WriteFile(config, []byte("[network]\nnetwork_backend = \"cni\"\n"), 0o644); err != nil {
		return false, err
	}
	cmd := exec.Command("podman", "--storage-driver=vfs", "--root", filepath.Join(dir, "root"), "--runroot", filepath.Join(dir, "run"), "info")
	cmd.Env = append(os.Environ(), "CONTAINERS_CONF="+config)
	out, err := cmd.CombinedOutput()
	switch {
	case err == nil:
		return true, nil
	case strings.Contains(string(out), "cni support is not enabled in this build"):
		return false, nil
	}
	return false, fmt.Errorf("podman info: %w: %s", err, out)
}
