package ocimount

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/etcfiles/etcfiles/pkg/safefile"
)

// errNotWritable says that a missing target cannot, or must not, be made where it would be.
var errNotWritable = errors.New("cannot be created")

// rootfs is the container's root directory, in which every path is resolved as the container will see it.
type rootfs struct {
	*bundle
	dir    *os.File
	mount  uint64
	mounts []uint64 // by the place in Mounts, the ID of the topmost mount there, 0 if there is none
}

func openRootfs(b *bundle) (*rootfs, error) {
	dir, err := os.OpenFile(b.rootPath(), unix.O_PATH|unix.O_DIRECTORY, 0)
	if err != nil {
		return nil, fmt.Errorf("rootfs: %w", err)
	}
	mount, _, err := mountID(dir)
	if err != nil {
		dir.Close()
		return nil, fmt.Errorf("rootfs %s: %w", dir.Name(), err)
	}
	r := &rootfs{bundle: b, dir: dir, mount: mount}
	r.findMounts()
	return r, nil
}

// findMounts resolves where the bundle's mounts are, as the container will see them.
func (r *rootfs) findMounts() {
	r.mounts = make([]uint64, len(r.Mounts))
	for i := range r.Mounts {
		f, err := safefile.OpenIn(r.dir, r.Mounts[i].Destination, unix.O_PATH, unix.RESOLVE_IN_ROOT)
		if err != nil {
			continue
		}
		if id, isRoot, err := mountID(f); err == nil && isRoot {
			r.mounts[i] = id
		}
		f.Close()
	}
}

func (r *rootfs) close() { r.dir.Close() }

// target opens the file that is to be mounted over, and creates it with its parents if it is missing; the error is
// errNotWritable if that cannot be.
func (r *rootfs) target(path string) (*os.File, error) {
	f, err := safefile.OpenIn(r.dir, path, unix.O_PATH, unix.RESOLVE_IN_ROOT)
	if errors.Is(err, unix.ENOENT) {
		f, err = r.create(path)
	}
	if errors.Is(err, errNotWritable) {
		return nil, err
	}
	if err != nil {
		return nil, fmt.Errorf("resolve in the rootfs: %w", err)
	}
	if err := checkTarget(f); err != nil {
		f.Close()
		return nil, fmt.Errorf("the target in the rootfs %w", err)
	}
	return f, nil
}

// checkTarget refuses what is not a regular file, and a file of a kernel interface: the runtime itself still has to use
// those, for example to set the security label of the container's process.
func checkTarget(f *os.File) error {
	if err := mustBeRegular(f); err != nil {
		return err
	}
	var st unix.Statfs_t
	if err := unix.Fstatfs(int(f.Fd()), &st); err != nil {
		return fmt.Errorf("cannot be looked at: statfs: %w", err)
	}
	switch st.Type {
	case unix.PROC_SUPER_MAGIC, unix.SYSFS_MAGIC, unix.CGROUP_SUPER_MAGIC, unix.CGROUP2_SUPER_MAGIC:
		return errors.New("is in a file system of the kernel")
	}
	return nil
}

// maxLinks is the kernel's own limit, see path_resolution(7).
const maxLinks = 40

// create makes the file that a missing path leads to, following symbolic links, which may be dangling, as the container
// would. Directories on the way are made too.
func (r *rootfs) create(path string) (*os.File, error) {
	at, links := "/", 0 // at has no symbolic link in it
	todo := components(path)
	for len(todo) > 0 {
		name := todo[0]
		todo = todo[1:]
		if name == ".." {
			at = filepath.Dir(at)
			continue
		}
		link, err := r.step(at, name, len(todo) == 0)
		if err != nil {
			return nil, err
		}
		if link == "" {
			at = filepath.Join(at, name)
			continue
		}
		if links++; links > maxLinks {
			return nil, unix.ELOOP
		}
		if filepath.IsAbs(link) {
			at = "/"
		}
		todo = append(components(link), todo...)
	}
	return safefile.OpenIn(r.dir, at, unix.O_PATH, unix.RESOLVE_IN_ROOT|unix.RESOLVE_NO_SYMLINKS)
}

func components(path string) []string {
	return strings.FieldsFunc(path, func(c rune) bool { return c == '/' })
}

// step makes the entry if it is missing, the last one as an empty file and others as a directory. It returns where
// the entry leads if it is a symbolic link.
func (r *rootfs) step(at, name string, last bool) (link string, err error) {
	dir, err := safefile.OpenIn(r.dir, at, unix.O_PATH|unix.O_DIRECTORY, unix.RESOLVE_IN_ROOT|unix.RESOLVE_NO_SYMLINKS)
	if err != nil {
		return "", err
	}
	defer dir.Close()
	buf := make([]byte, unix.PathMax)
	n, err := unix.Readlinkat(int(dir.Fd()), name, buf)
	if err == nil {
		return string(buf[:n]), nil
	}
	if errors.Is(err, unix.EINVAL) { // no symbolic link
		return "", nil
	}
	if !errors.Is(err, unix.ENOENT) {
		return "", err
	}
	if dir, err = r.writable(dir, at); err != nil {
		return "", fmt.Errorf("%s %w", filepath.Join(at, name), err)
	}
	defer dir.Close()
	if last {
		err = unix.Mknodat(int(dir.Fd()), name, unix.S_IFREG|0o644, 0)
	} else {
		err = unix.Mkdirat(int(dir.Fd()), name, 0o755)
	}
	switch {
	case err == nil, errors.Is(err, unix.EEXIST):
		return "", nil
	// The last of these: an owner without an ID in the container's user namespace.
	case errors.Is(err, unix.EROFS), errors.Is(err, unix.EACCES), errors.Is(err, unix.EPERM), errors.Is(err, unix.EOVERFLOW):
		return "", fmt.Errorf("%s %w: %w", filepath.Join(at, name), errNotWritable, err)
	}
	return "", fmt.Errorf("create %s: %w", filepath.Join(at, name), err)
}

// writable returns a descriptor of the directory at the path by which something can be made in it. It refuses what is not
// the container's own: volumes that are mounted into it. A tmpfs of the bundle is its own, unless declared read-only. A rootfs
// declared read-only is so for the container, not for the mount points that it needs: some runtimes make it read-only
// after this hook, others before, and then what is made here is made beneath what the runtime has mounted.
func (r *rootfs) writable(dir *os.File, path string) (*os.File, error) {
	mount, _, err := mountID(dir)
	if err != nil {
		return nil, err
	}
	if mount == r.mount {
		readonly, err := onReadonlyMount(dir)
		if err != nil {
			return nil, err
		}
		if !r.Root.Readonly || !readonly {
			return safefile.OpenIn(dir, ".", unix.O_PATH|unix.O_DIRECTORY, unix.RESOLVE_BENEATH)
		}
		beneath, err := r.openBeneath(path)
		if err != nil {
			return nil, fmt.Errorf("%w: the rootfs is read-only: %w", errNotWritable, err)
		}
		return beneath, nil
	}
	at := r.bundleMounts(mount)
	if len(at) == 0 || at[len(at)-1].Type != "tmpfs" {
		return nil, fmt.Errorf("%w: its directory is a mount from outside of the rootfs", errNotWritable)
	}
	if m := at[len(at)-1]; readonlyMount(m) {
		return nil, fmt.Errorf("%w: the tmpfs %s is read-only", errNotWritable, m.Destination)
	}
	return safefile.OpenIn(dir, ".", unix.O_PATH|unix.O_DIRECTORY, unix.RESOLVE_BENEATH)
}

// bundleMounts returns the mounts of the bundle at the place where the mount with the ID is, the topmost one last.
func (r *rootfs) bundleMounts(id uint64) []*specs.Mount {
	var at []*specs.Mount
	for i := range r.Mounts {
		if r.mounts[i] == id {
			at = append(at, &r.Mounts[i])
		}
	}
	return at
}

// mountsAt returns the mounts of the bundle that are at the path: by that name, or by another that leads to the same place, where the
// target is open.
func (r *rootfs) mountsAt(path string, target *os.File) ([]*specs.Mount, error) {
	id, isRoot, err := mountID(target)
	if err != nil {
		return nil, err
	}
	var at []*specs.Mount
	for i := range r.Mounts {
		if isRoot && r.mounts[i] == id || filepath.Clean("/"+r.Mounts[i].Destination) == path {
			at = append(at, &r.Mounts[i])
		}
	}
	return at, nil
}

// shared returns the mount point of the target's mount if what is mounted on it would be seen outside of the container, and stay there.
func (r *rootfs) shared(target *os.File) (point string, err error) {
	id, _, err := mountID(target)
	if err != nil {
		return "", err
	}
	at := r.bundleMounts(id)
	if len(at) > 0 && isolatedMount(at[len(at)-1]) { // spares reading a node's thousand mounts
		return "", nil
	}
	info, err := mountInfoOf(id)
	if err != nil || !info.shared {
		return "", err
	}
	return info.point, nil
}

// readonly tells whether what the target hides is read-only, or will be when the container runs.
func (r *rootfs) readonly(target *os.File) (bool, error) {
	if r.Root.Readonly {
		return true, nil
	}
	for _, f := range []*os.File{r.dir, target} {
		if readonly, err := onReadonlyMount(f); err != nil || readonly {
			return readonly, err
		}
	}
	mount, _, err := mountID(target)
	if err != nil {
		return false, err
	}
	at := r.bundleMounts(mount)
	return len(at) > 0 && readonlyMount(at[len(at)-1]), nil
}

func onReadonlyMount(f *os.File) (bool, error) {
	var st unix.Statfs_t
	if err := unix.Fstatfs(int(f.Fd()), &st); err != nil {
		return false, fmt.Errorf("statfs: %w", err)
	}
	return st.Flags&unix.ST_RDONLY != 0, nil
}
