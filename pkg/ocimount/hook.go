package ocimount

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/etcfiles/etcfiles/pkg/ocistate"
)

// Hook holds what the hook is told by its arguments.
type Hook struct {
	// DataDir is the store, an absolute path.
	DataDir string
	// Namespace is the namespace in the store; empty means that it is taken from the container's state.
	Namespace string
	// Override mounts also over what the bundle mounts at one of the three paths.
	Override bool
	// Warnf prints a line about something that is not done although the container asks for it.
	Warnf func(format string, args ...any)
	// Verbosef prints a line about what is done, or need not be.
	Verbosef func(format string, args ...any)
}

// CreateContainer mounts those of the three files that the store has for the container with the state. It must run in
// the container's mount and network namespaces. A container that the store knows nothing of is no error; one that its
// runtime does not create at the moment is. An error begins with the path in the container that it is about,
// if it is about one.
func (h *Hook) CreateContainer(state *specs.State) error {
	if err := ocistate.BeingCreated(state); err != nil {
		return err
	}
	candidates, err := storeDirs(state, h.Namespace)
	if err != nil {
		return err
	}
	own, err := netnsAt(ownNetns)
	if err != nil {
		return fmt.Errorf("the container's network namespace: %w", err)
	}
	sources, err := openSources(h.DataDir, candidates, own, h.passOver)
	if err != nil {
		return err
	}
	defer closeSources(sources)
	if len(sources) == 0 {
		h.Verbosef("%s has no files for container %s (looked for %v): nothing to do", h.DataDir, state.ID, candidates)
		return nil
	}
	b, err := loadBundle(state.Bundle)
	if err != nil {
		return err
	}
	r, err := openRootfs(b)
	if err != nil {
		return err
	}
	defer r.close()
	for _, s := range sources {
		if b.mountsAt(s.target) {
			wrong, err := b.contradicts(s)
			if err != nil {
				return fmt.Errorf("%s: %w", s.target, err)
			}
			if wrong {
				h.Verbosef("%s: left alone, what the bundle mounts there is the container's hostname", s.target)
				continue
			}
			if !h.Override {
				h.Verbosef("%s: left alone, the bundle has a mount there (--override mounts over it)", s.target)
				continue
			}
		}
		if err := h.mount(r, s); err != nil {
			return fmt.Errorf("%s: %w", s.target, err)
		}
	}
	return nil
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
func (h *Hook) mount(r *rootfs, s source) error {
	t, err := r.target(s.target)
	if errors.Is(err, errNotWritable) {
		h.Warnf("%s: not mounted, it is missing from the rootfs: %v", s.target, err)
		return nil
	}
	if err != nil {
		return err
	}
	defer t.Close()
	readonly, err := r.readonly(t)
	if err != nil {
		return err
	}
	if err := bindMount(s.file, t, readonly); err != nil {
		return fmt.Errorf("mount %s: %w", filepath.Join(h.DataDir, s.path), err)
	}
	mode := "read-write"
	if readonly {
		mode = "read-only"
	}
	h.Verbosef("%s: mounted %s from %s", s.target, mode, filepath.Join(h.DataDir, s.path))
	return nil
}
