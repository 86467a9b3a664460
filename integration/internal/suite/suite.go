// Package suite is what TestMain of the tests with the real plugin has in common.
package suite

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Run builds the plugin, puts its path into binary, runs the tests of the suite with the name, and returns the exit code.
// It fails if it is not run as root, or if a command is missing, which is in the Debian package of its name.
func Run(m *testing.M, name string, binary *string, commands ...string) int {
	code, err := run(m, name, binary, commands)
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
		return 1
	}
	return code
}

func run(m *testing.M, name string, binary *string, commands []string) (code int, err error) {
	if os.Geteuid() != 0 {
		return 0, errors.New("these tests make network namespaces and mounts: run them as root")
	}
	for _, command := range commands {
		if _, err := exec.LookPath(command); err != nil {
			return 0, fmt.Errorf("these tests need %[1]s: install Debian's package %[1]s", command)
		}
	}
	dir, err := os.MkdirTemp("", name+"-bin-")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	*binary = filepath.Join(dir, "etcfiles")
	build := exec.Command("go", "build", "-o", *binary, "github.com/etcfiles/etcfiles/plugins/meta/etcfiles")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("build the plugin: %w\n%s", err, out)
	}
	return m.Run(), nil
}
