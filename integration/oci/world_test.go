package oci

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/etcfiles/etcfiles/integration/internal/suite"
	"github.com/etcfiles/etcfiles/integration/internal/worlds"
)

// world is a world with all directories for itself. It is no container: its files are those of the machine, but what is
// mounted in it is seen in it only.
type world struct {
	*worlds.World
	dir      string              // all of its files; see the methods below
	runtime  string              // runc or crun
	pending  map[string]*started // containers whose start has not been waited for
	gates    []*os.File          // that have been opened
	networks []string            // by name
}

func (w *world) bin() string    { return filepath.Join(w.dir, "bin") }    // CNI plugins
func (w *world) conf() string   { return filepath.Join(w.dir, "net.d") }  // conflists
func (w *world) cache() string  { return filepath.Join(w.dir, "cache") }  // libcni's
func (w *world) leases() string { return filepath.Join(w.dir, "leases") } // host-local's
func (w *world) data() string   { return filepath.Join(w.dir, "data") }   // etcfiles' store
func (w *world) runDir() string { return filepath.Join(w.dir, "run") }    // pins and records of the hook
func (w *world) state() string  { return filepath.Join(w.dir, "state") }  // the runtime's

// hook returns the path of the hook under test.
func (w *world) hook() string { return filepath.Join(w.bin(), "oci-cni-hook") }

// hookFlags are the flags by which the hook finds the world's directories.
func (w *world) hookFlags() []string {
	return []string{"--conf-dir", w.conf(), "--bin-dir=" + w.bin(), "--cache-dir", w.cache(), "--run-dir=" + w.runDir()}
}

func newWorld(dir, runtime string) (*world, error) {
	w := &world{dir: dir, runtime: runtime, pending: map[string]*started{}}
	if err := w.makeFiles(); err != nil {
		return nil, err
	}
	var err error
	w.World, err = worlds.Start(filepath.Join(w.bin(), "world"), "oci")
	return w, err
}

// makeFiles makes the plugins' directory, a root file system and the runtime's own config.json.
func (w *world) makeFiles() error {
	for _, dir := range []string{w.bin(), w.conf(), w.probeDir(), w.path("rootfs/bin"), w.path("rootfs/etc"), w.path("spec"), w.path("out")} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	for _, dir := range []string{"proc", "sys", "dev", "tmp"} {
		if err := os.Mkdir(w.path("rootfs", dir), 0o755); err != nil {
			return err
		}
	}
	busybox, err := exec.LookPath("busybox")
	if err != nil {
		return err
	}
	if err := copyFile(w.path("rootfs/bin/busybox"), busybox); err != nil {
		return err
	}
	for _, applet := range []string{"sh", "cat", "sleep", "nc", "httpd", "hostname", "ip", "ls", "true", "touch"} {
		if err := os.Symlink("busybox", w.path("rootfs/bin", applet)); err != nil {
			return err
		}
	}
	for _, file := range []string{"hosts", "resolv.conf", "hostname"} { // as in most images
		if err := os.WriteFile(w.path("rootfs/etc", file), nil, 0o644); err != nil {
			return err
		}
	}
	if err := suite.LinkAll(w.bin(), programs); err != nil {
		return err
	}
	spec := exec.Command(w.runtime, "spec")
	spec.Dir = w.path("spec")
	if out, err := spec.CombinedOutput(); err != nil {
		return fmt.Errorf("%s spec: %w: %s", w.runtime, err, out)
	}
	return nil
}

func (w *world) path(elem ...string) string {
	return filepath.Join(append([]string{w.dir}, elem...)...)
}

func copyFile(to, from string) error {
	b, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, b, 0o755)
}

// End ends every process of the world, whereupon its mounts and networks are gone.
func (w *world) End() error {
	for _, gate := range w.gates {
		_ = gate.Close()
	}
	return w.World.End()
}

// command prepares a command in the world, with the world's directory in $WORK as in the scripts.
func (w *world) command(args ...string) *exec.Cmd {
	cmd := w.Command(args...)
	cmd.Env = append(os.Environ(), "WORK="+w.dir)
	return cmd
}

// run runs a command in the world and returns what it prints. The error has what it prints to stderr.
func (w *world) run(args ...string) (string, error) {
	var stderr bytes.Buffer
	cmd := w.command(args...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return string(out), fmt.Errorf("%v: %w: %s%s", args, err, out, &stderr)
	}
	return string(out), nil
}

func readJSON(path string, v any) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(b, v); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

func writeJSON(path string, v any) error {
	b, err := json.MarshalIndent(v, "", "\t")
	if err != nil {
		return err
	}
	return os.WriteFile(path, b, 0o644)
}
