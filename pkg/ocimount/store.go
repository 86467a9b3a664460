package ocimount

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/etcfiles/etcfiles/pkg/ocistate"
)

// The annotations with the sandbox ID of a pod, which is the CNI container ID of all its containers.
const (
	criSandboxID  = "io.kubernetes.cri.sandbox-id"
	crioSandboxID = "io.kubernetes.cri-o.SandboxID"
)

// storeDir names the directories that the store may have for a container.
type storeDir struct{ namespace, id string }

func (d storeDir) String() string { return d.namespace + "/" + d.id }

// source is an open file of the store and the path in the container where it belongs.
type source struct {
	target string
	path   string // below the data directory
	file   *os.File
}

func (d storeDir) sources() []source {
	return []source{
		{target: "/etc/hosts", path: filepath.Join("etchosts", d.namespace, d.id, "hosts")},
		{target: "/etc/resolv.conf", path: filepath.Join("containers", d.namespace, d.id, "resolv.conf")},
		{target: HostnamePath, path: filepath.Join("containers", d.namespace, d.id, "hostname")},
	}
}

// storeDirs returns where the files of a container may be, the first to be preferred.
func storeDirs(state *specs.State, namespace string) ([]storeDir, error) {
	for _, key := range []string{criSandboxID, crioSandboxID} {
		id, ok := state.Annotations[key]
		if !ok {
			continue
		}
		if namespace == "" {
			namespace = PodNamespace
		}
		if err := pathElement("annotation "+key, id); err != nil {
			return nil, err
		}
		return []storeDir{{namespace, id}}, pathElement("namespace", namespace)
	}
	if err := pathElement("container ID", state.ID); err != nil {
		return nil, err
	}
	var podman []storeDir // whose CNI_ARGS make every container a pod, to the plugin
	if namespace == "" {
		namespace = ocistate.BundleNamespace(state.Bundle)
		podman = []storeDir{{PodNamespace, state.ID}}
	}
	cni := (&ocistate.Container{State: *state, Namespace: namespace}).CNIID()
	dirs := []storeDir{{namespace, cni}}
	if ctr := namespace + "-" + state.ID; ctr != cni { // as `ctr run --cni` has it
		dirs = append(dirs, storeDir{namespace, ctr})
	}
	dirs = append(dirs, storeDir{namespace, state.ID})
	return append(dirs, podman...), pathElement("namespace", namespace)
}

func pathElement(what, s string) error {
	if s == "" || s == "." || s == ".." || strings.ContainsAny(s, "/\x00") {
		return fmt.Errorf("%s %q is not a single path element", what, s)
	}
	return nil
}

// openSources opens the files of the first candidate that has any.
func openSources(dataDir string, candidates []storeDir) ([]source, error) {
	dir, err := os.OpenFile(dataDir, unix.O_PATH|unix.O_DIRECTORY, 0)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	for _, candidate := range candidates {
		var found []source
		for _, s := range candidate.sources() {
			s.file, err = openSource(dir, s.path)
			if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ENAMETOOLONG) {
				continue
			}
			if err != nil {
				closeSources(found)
				return nil, fmt.Errorf("%s: %w", s.target, err)
			}
			found = append(found, s)
		}
		if len(found) > 0 {
			return found, nil
		}
	}
	return nil, nil
}

// openSource opens a regular file below the data directory, for mounting it, and follows no symbolic link to it.
func openSource(dir *os.File, path string) (*os.File, error) {
	f, err := openat2(dir, path, unix.O_PATH, unix.RESOLVE_BENEATH|unix.RESOLVE_NO_SYMLINKS)
	full := filepath.Join(dir.Name(), path)
	if errors.Is(err, unix.ELOOP) {
		return nil, fmt.Errorf("%s: a symbolic link in the store is not followed: %w", full, err)
	}
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", full, err)
	}
	if err := mustBeRegular(f); err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", full, err)
	}
	return f, nil
}

func mustBeRegular(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	switch {
	case info.IsDir():
		return errors.New("is a directory")
	case !info.Mode().IsRegular():
		return fmt.Errorf("is not a regular file (%v)", info.Mode())
	}
	return nil
}

func closeSources(sources []source) {
	for _, s := range sources {
		s.file.Close()
	}
}
