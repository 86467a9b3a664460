package podman

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/etcfiles/etcfiles/integration/internal/worlds"
)

// world is a world with file systems of its own where Podman, the CNI plugins and etcfiles keep their state.
type world struct {
	*worlds.World
	dir      string   // files of the test; the scripts' $WORK
	runtime  string   // runc or crun
	networks []string // by name
}

// Places in a world. They are the usual ones, since a world has them to itself.
const (
	confDir     = "/etc/cni/net.d"
	hooksDir    = "/etc/containers/oci/hooks.d"
	podmanConf  = "/etc/containers/containers.conf"
	storageConf = "/etc/containers/storage.conf"
	hostConf    = "/etc/resolv.conf"
	leasesDir   = "/var/lib/cni/networks" // host-local's
	cacheDir    = "/var/lib/cni/results"  // libcni's
	dataDir     = "/var/lib/etcfiles"
	netnsDir    = "/run/netns" // Podman's
)

// nameserver is in the world's own resolv.conf.
const nameserver = "192.0.2.53"

func newWorld(dir, runtime string) (*world, error) {
	made, err := worlds.Start(filepath.Join(binDir, "world"), "podman")
	if err != nil {
		return nil, err
	}
	w := &world{World: made, dir: dir, runtime: runtime}
	if err := w.furnish(); err != nil {
		return nil, errors.Join(err, w.End())
	}
	return w, nil
}

// worldFor makes a world that ends with the test.
func worldFor(t *testing.T, runtime string) *world {
	t.Helper()
	w, err := newWorld(t.TempDir(), runtime)
	if err != nil {
		t.Fatal(err)
	}
	worlds.EndAfter(t, w)
	return w
}

// mountWorld mounts the file systems of a world.
func mountWorld() error {
	mount := func(fsType, target, data string) error {
		if err := unix.Mount(fsType, target, fsType, 0, data); err != nil {
			return fmt.Errorf("mount %s at %s: %w", fsType, target, err)
		}
		return nil
	}
	for _, dir := range []string{"/run", "/var/lib", "/var/tmp", "/dev/shm"} { // Podman's locks are in the last
		if err := mount("tmpfs", dir, "mode=755"); err != nil {
			return err
		}
	}
	const upper, work = "/run/world/upper", "/run/world/work"
	for _, dir := range []string{upper, work} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	return mount("overlay", "/etc", "lowerdir=/etc,upperdir="+upper+",workdir="+work)
}

// write writes a file of the world, with its directory.
func (w *world) write(path string, data []byte) error {
	if err := os.MkdirAll(w.Inside(filepath.Dir(path)), 0o755); err != nil {
		return err
	}
	return os.WriteFile(w.Inside(path), data, 0o644)
}

// run runs a command in the world and returns what it prints. The error has what it prints to stderr.
func (w *world) run(args ...string) (stdout, stderr string, err error) {
	var out, errOut bytes.Buffer
	cmd := w.Command(args...)
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + w.dir, "CONTAINERS_CONF=" + podmanConf, "CONTAINERS_STORAGE_CONF=" + storageConf,
	}
	cmd.Stdout, cmd.Stderr = &out, &errOut
	if err = cmd.Run(); err != nil {
		err = fmt.Errorf("%v: %w: %s%s", args, err, &out, &errOut)
	}
	return out.String(), errOut.String(), err
}
