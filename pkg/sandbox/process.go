package sandbox

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/etcfiles/etcfiles/pkg/safefile"
)

// Root is the root directory that processes of a container share.
type Root struct {
	PID     int    // the lowest of theirs
	Command string // of that process, see comm in proc_pid_comm(5)
	Host    bool   // they are in the mount namespace of this process: tools of the host, no container
	HostDir bool   // the directory is that of this process all the same, as under ip-netns(8)
	Cgroups string // of that process, see cgroups(7); "" if they cannot be read

	dir *os.File
}

// Namespace identifies a namespace by the device and inode number of its file, see namespaces(7).
type Namespace struct{ Device, Inode uint64 }

// ErrTimeout is the error when a container's file system does not answer.
var ErrTimeout = errors.New("does not answer in time")

// Patience is how long the file systems of a container, one of which may be a FUSE of its own, have to answer in all.
const Patience = 2 * time.Second

// procDir is where the kernel shows processes.
const procDir = "/proc"

// Roots returns the roots of the processes in each of the network namespaces, one for each mount namespace, by PID. Processes that
// end meanwhile, or that this one may not look at, are left out. The caller closes them.
func Roots(wanted ...Namespace) (map[Namespace][]*Root, error) {
	if len(wanted) == 0 {
		return nil, nil
	}
	pids, err := processes()
	if err != nil {
		return nil, err
	}
	own, err := namespaceOf(filepath.Join(procDir, "self"), "mnt")
	if err != nil {
		return nil, err
	}
	ours, err := os.Stat("/")
	if err != nil {
		return nil, err
	}
	found := map[Namespace][]*Root{}
	for _, id := range wanted {
		found[id] = nil
	}
	type place struct{ net, mnt Namespace }
	seen := map[place]bool{}
	for _, pid := range pids {
		dir := filepath.Join(procDir, strconv.Itoa(pid))
		net, err := namespaceOf(dir, "net")
		if _, asked := found[net]; err != nil || !asked {
			continue
		}
		mnt, err := namespaceOf(dir, "mnt")
		if err != nil || seen[place{net, mnt}] {
			continue
		}
		root, err := os.OpenFile(filepath.Join(dir, "root"), unix.O_PATH|unix.O_DIRECTORY, 0)
		if err != nil {
			continue
		}
		comm, _ := os.ReadFile(filepath.Join(dir, "comm"))
		cgroups, _ := os.ReadFile(filepath.Join(dir, "cgroup"))
		theirs, err := root.Stat()
		// The number may be another process's by now.
		if now, gone := namespaceOf(dir, "net"); err != nil || gone != nil || now != net {
			root.Close()
			continue
		}
		seen[place{net, mnt}] = true
		found[net] = append(found[net], &Root{
			PID: pid, Command: strings.TrimSuffix(string(comm), "\n"), Cgroups: string(cgroups),
			Host: mnt == own, HostDir: os.SameFile(ours, theirs), dir: root,
		})
	}
	return found, nil
}

func namespaceOf(proc, kind string) (Namespace, error) {
	var st unix.Stat_t
	if err := unix.Stat(filepath.Join(proc, "ns", kind), &st); err != nil {
		return Namespace{}, err
	}
	return Namespace{st.Dev, st.Ino}, nil
}

// Close lets the root go.
func (r *Root) Close() { r.dir.Close() }

// Stat returns the state of what processes with the root have at an absolute path, symbolic links resolved inside the
// root, see RESOLVE_IN_ROOT in openat2(2). The error may be fs.ErrNotExist, or ErrTimeout when the context has ended.
func (r *Root) Stat(ctx context.Context, path string) (unix.Stat_t, error) {
	return withPatience(ctx, path, func() (st unix.Stat_t, err error) {
		f, err := r.open(path)
		if err != nil {
			return st, err
		}
		defer f.Close()
		err = unix.Fstat(int(f.Fd()), &st)
		return st, err
	})
}

// Read returns the first limit bytes of a regular file at a path as Stat resolves it. The error may also be
// safefile.ErrNotRegular.
func (r *Root) Read(ctx context.Context, path string, limit int64) ([]byte, error) {
	return withPatience(ctx, path, func() ([]byte, error) {
		f, err := r.open(path)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		return safefile.ReadHeld(f, limit)
	})
}

func (r *Root) open(path string) (*os.File, error) {
	return safefile.OpenIn(r.dir, path, unix.O_PATH, unix.RESOLVE_IN_ROOT)
}

// slots bounds the calls at one time: each that hangs keeps a thread, and a container may have any number of mount namespaces.
var slots = make(chan struct{}, 256)

// withPatience gives up waiting for do when the context ends; what do then returns is dropped.
func withPatience[T any](ctx context.Context, path string, do func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	var out result
	select {
	case slots <- struct{}{}:
		done := make(chan result, 1)
		go func() {
			value, err := do()
			<-slots
			done <- result{value, err}
		}()
		select {
		case out = <-done:
		case <-ctx.Done():
			out.err = ErrTimeout
		}
	case <-ctx.Done():
		out.err = ErrTimeout
	}
	if out.err != nil {
		var of *fs.PathError
		if errors.As(out.err, &of) {
			out.err = of.Err
		}
		out.err = &fs.PathError{Op: "look at", Path: path, Err: out.err}
	}
	return out.value, out.err
}

// Databases returns what the line of a database has in an nsswitch.conf(5), actions in brackets left out, and false if there
// is no such line.
func Databases(nsswitch []byte, database string) ([]string, bool) {
	for line := range strings.Lines(string(nsswitch)) {
		line, _, _ = strings.Cut(line, "#")
		name, rest, ok := strings.Cut(line, ":")
		if !ok || strings.TrimSpace(name) != database {
			continue
		}
		var services []string
		for rest != "" {
			var part string
			part, rest, _ = strings.Cut(rest, "[")
			services = append(services, strings.Fields(part)...)
			_, rest, _ = strings.Cut(rest, "]")
		}
		return services, true
	}
	return nil, false
}
