package ocimount

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/etcfiles/etcfiles/pkg/ocistate"
)

// Hook holds what the hook is told by its arguments.
type Hook struct {
	// DataDir is the store, an absolute path.
	DataDir string
	// Namespace is the namespace in the store; empty means that it is taken from the container's state.
	Namespace string
	// SandboxAnnotation is the annotation that says which pod a container is of, the one that counts, or
	// ocistate.NoSandboxAnnotation. If it is empty, as in a hook entry of a version before, those of CRI and CRI-O both count.
	SandboxAnnotation string
	// Override mounts also over what the engine itself mounts at one of the three paths, see OfEngine. What else the bundle mounts
	// there is always left alone.
	Override bool
	// HostNetwork mounts the host's own files, read-only, in a container that is in the host's network namespace and is of no pod.
	HostNetwork bool
	// Warnf prints a line about something that is not done although the container asks for it.
	Warnf func(format string, args ...any)
	// Verbosef prints a line about what is done, or need not be.
	Verbosef func(format string, args ...any)
}

// CreateContainer mounts those of the three files that the store has for the container with the state or, if it has none, for
// the one whose network namespace it has joined. It must run in the container's mount, network and UTS namespaces. A container
// that the store knows nothing of is no error; one that its runtime does not create at the moment is. An error begins with the path in
// the container that it is about, if it is about one.
func (h *Hook) CreateContainer(state *specs.State) error {
	if err := ocistate.BeingCreated(state); err != nil {
		return err
	}
	state = h.counting(state)
	candidates, err := storeDirs(state, h.Namespace)
	if err != nil {
		return err
	}
	if _, err := os.Stat(h.DataDir); errors.Is(err, os.ErrNotExist) && !h.HostNetwork {
		return h.nothing(state, candidates)
	}
	if err := checkKernel(); err != nil {
		return err
	}
	own, err := netnsAt(ownNetns)
	if err != nil {
		return fmt.Errorf("the container's network namespace: %w", err)
	}
	sources, err := openSources(h.DataDir, candidates, own, h.passOver)
	if errors.Is(err, os.ErrPermission) && inUserNamespace() {
		h.Warnf("the files of container %s may not be read in its user namespace: none are mounted: %v", state.ID, err)
		return nil
	}
	load := sync.OnceValues(func() (*bundle, error) { return loadBundle(state.Bundle) })
	if err == nil && len(sources) == 0 {
		sources, err = h.joined(state, own, load)
	}
	if err == nil && len(sources) == 0 {
		sources, err = h.hostSources(state, load)
	}
	if err != nil {
		return err
	}
	defer closeSources(sources)
	if len(sources) == 0 {
		return h.nothing(state, candidates)
	}
	b, err := load()
	if err != nil {
		return err
	}
	r, err := openRootfs(b)
	if err != nil {
		return err
	}
	defer r.close()
	for _, s := range sources {
		if err := h.mount(r, s, sandboxIDs(state)); err != nil {
			return fmt.Errorf("%s: %w", s.target, err)
		}
	}
	return nil
}

func (h *Hook) nothing(state *specs.State, candidates []storeDir) error {
	h.Verbosef("%s has no files for container %s (looked for %v): nothing to do", h.DataDir, state.ID, candidates)
	return nil
}

// joined opens the files of the container whose network namespace is the own one, if the container has entered one that was there before.
func (h *Hook) joined(state *specs.State, own netns, load func() (*bundle, error)) ([]source, error) {
	b, err := load()
	if errors.Is(err, os.ErrNotExist) { // an engine may give its hooks a state of its own making
		return nil, nil
	}
	if err != nil || !b.joinsNetns() {
		return nil, err
	}
	whose, found, err := owner(h.DataDir, h.Namespace, own)
	if errors.Is(err, os.ErrPermission) && inUserNamespace() {
		if len(sandboxIDs(state)) == 0 {
			h.Warnf("whose network namespace container %s joins cannot be looked up in its user namespace: no files are mounted", state.ID)
		}
		return nil, nil
	}
	if err != nil || !found {
		return nil, err
	}
	h.Verbosef("container %s has the network namespace of %s: the files are that one's", state.ID, whose)
	return openSources(h.DataDir, []storeDir{whose}, own, h.passOver)
}

// passOver says that the files of a candidate are not mounted, since they are another container's.
func (h *Hook) passOver(d storeDir) {
	if d.annotation != "" {
		h.Warnf("the annotation %s names %s, which is not known to have this container's network namespace: its files are not mounted", d.annotation, d)
		return
	}
	h.Verbosef("%s has another network namespace: its files are not mounted", d)
}

// mount mounts one file over its target in the rootfs.
func (h *Hook) mount(r *rootfs, s source, sandboxIDs []string) error {
	wrong, err := r.contradicts(s)
	if err != nil {
		return err
	}
	if wrong && r.hasOwnUTS() {
		h.Verbosef("%s: left alone, the container has another hostname than %s", s.target, h.pathOf(s))
		return nil
	}
	t, err := r.target(s.target)
	if errors.Is(err, errNotWritable) {
		h.Warnf("%s: not mounted, it is missing from the rootfs: %v", s.target, err)
		return nil
	}
	if err != nil {
		return err
	}
	defer t.Close()
	if wanted, err := h.coverable(r, s, t, sandboxIDs, h.Override && !wrong); err != nil || !wanted {
		return err
	}
	readonly, err := r.readonly(t)
	if err != nil {
		return err
	}
	file, path := s.file, h.pathOf(s)
	readonly = readonly || s.ofHost
	if wrong {
		if file, err = os.OpenFile(sharedHostname, unix.O_PATH, 0); err != nil {
			return err
		}
		defer file.Close()
		path, readonly = sharedHostname, true
	}
	if err := bindMount(file, t, readonly); err != nil {
		return fmt.Errorf("mount %s: %w", path, err)
	}
	mode := "read-write"
	if readonly {
		mode = "read-only"
	}
	h.Verbosef("%s: mounted %s from %s", s.target, mode, path)
	return nil
}

// pathOf returns the absolute path of a file.
func (h *Hook) pathOf(s source) string {
	if s.ofHost {
		return s.path
	}
	return filepath.Join(h.DataDir, s.path)
}

// coverable decides whether what is at the target may be mounted over, and says why not. override says whether that is so of what is the
// engine's.
func (h *Hook) coverable(r *rootfs, s source, target *os.File, sandboxIDs []string, override bool) (bool, error) {
	at, err := r.mountsAt(s.target, target)
	if err != nil {
		return false, err
	}
	for _, m := range at {
		if !OfEngine(s.target, m.Source, sandboxIDs...) {
			h.Verbosef("%s: left alone, the container's user has %s mounted there", s.target, m.Source)
			return false, nil
		}
	}
	if len(at) > 0 && s.yields {
		h.Verbosef("%s: left alone, the engine has %s mounted there, and etcfiles was given no DNS settings for this pod", s.target, at[0].Source)
		return false, nil
	}
	if len(at) > 0 && !override {
		why := " (--override mounts over it)"
		if h.Override {
			why = ", which has the container's hostname"
		}
		h.Verbosef("%s: left alone, the engine has %s mounted there%s", s.target, at[0].Source, why)
		return false, nil
	}
	point, err := r.shared(target)
	if err != nil {
		return false, err
	}
	if point != "" {
		h.Warnf("%s: not mounted, %s is a shared mount: the file would be mounted outside of the container too, and stay there", s.target, point)
	}
	return point == "", nil
}
