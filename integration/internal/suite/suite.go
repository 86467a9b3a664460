// Package suite is what TestMain of the tests with the real programs has in common.
package suite

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Suite is the tests of a package: what they need before the first of them runs.
type Suite struct {
	Name     string
	Roles    map[string]func() error // other programs that the test binary is, by the name that it is called by
	Commands []string                // that must be installed
	Prepare  func(dir string) error  // in a directory that is there while the tests run, and that everybody may enter
}

// Run runs the tests, or the role, and returns the exit code. The tests are not run without root or one of the commands.
func (s Suite) Run(m *testing.M) int {
	if role, ok := s.Roles[filepath.Base(os.Args[0])]; ok {
		if err := role(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return 0
	}
	code, err := s.run(m)
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", s.Name, err)
		return 1
	}
	return code
}

func (s Suite) run(m *testing.M) (code int, err error) {
	if os.Geteuid() != 0 {
		return 0, errors.New("these tests make namespaces and mounts: run them as root")
	}
	for _, command := range s.Commands {
		if _, err := exec.LookPath(command); err != nil {
			return 0, fmt.Errorf("run `make test`, or install the package of the command that is missing: %w", err)
		}
	}
	dir, err := os.MkdirTemp("", "etcfiles-"+s.Name+"-")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := os.Chmod(dir, 0o755); err != nil { // in a user namespace the hooks are run by another user
		return 0, err
	}
	if err := s.Prepare(dir); err != nil {
		return 0, err
	}
	return m.Run(), nil
}

// Run builds the plugin, puts its path into binary, and runs the tests of the suite with the name.
func Run(m *testing.M, name string, binary *string, commands ...string) int {
	return Suite{Name: name, Commands: commands, Prepare: func(dir string) error {
		*binary = filepath.Join(dir, "etcfiles")
		return Build(dir, "./plugins/meta/etcfiles")
	}}.Run(m)
}

// Build builds programs of the repository as static binaries into a directory, from the arguments of go build.
func Build(dir string, args ...string) error {
	build := exec.Command("go", append([]string{"build", "-o", dir + "/"}, args...)...)
	build.Dir = filepath.Join("..", "..")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build the programs: %w\n%s", err, out)
	}
	return nil
}

// ReferencePlugins returns the directory of the reference CNI plugins.
func ReferencePlugins() (string, error) {
	dir := os.Getenv("CNI_PLUGINS")
	if dir == "" {
		dir = "../../bin/cni"
	}
	if _, err := os.Stat(filepath.Join(dir, "bridge")); err != nil {
		return "", fmt.Errorf("the reference plugins are missing: run `make test`, or `make cni-plugins` first: %w", err)
	}
	return filepath.Abs(dir)
}

// Link links in a directory to the reference plugins, and to the test binary by the names of its roles.
func (s Suite) Link(dir string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	for role := range s.Roles {
		if err := os.Symlink(self, filepath.Join(dir, role)); err != nil {
			return err
		}
	}
	from, err := ReferencePlugins()
	if err != nil {
		return err
	}
	return LinkAll(dir, from)
}

// LinkAll links to the files of a directory, except those that have a link already.
func LinkAll(to, from string) error {
	entries, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	for _, e := range entries {
		err := os.Symlink(filepath.Join(from, e.Name()), filepath.Join(to, e.Name()))
		if err != nil && !errors.Is(err, os.ErrExist) {
			return err
		}
	}
	return nil
}
