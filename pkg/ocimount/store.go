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
	"github.com/etcfiles/etcfiles/pkg/safefile"
)

// The annotations with the sandbox ID of a pod, which is the CNI container ID of all its containers.
const (
	criSandboxID  = ocistate.CRISandboxAnnotation
	crioSandboxID = ocistate.CRIOSandboxAnnotation
)

// sandboxIDs returns what the annotations of a container call its pod.
func sandboxIDs(state *specs.State) []string {
	var ids []string
	for _, key := range []string{criSandboxID, crioSandboxID} {
		if id, ok := state.Annotations[key]; ok {
			ids = append(ids, id)
		}
	}
	return ids
}

// storeDir names the directories that the store may have for a container.
type storeDir struct {
	namespace, id string
	annotation    string // the annotation that the ID comes from; "" for the container's own
}

func (d storeDir) String() string { return d.namespace + "/" + d.id }

const resolvConfPath = "/etc/resolv.conf"

// source is an open file of the store, or of the host, and the path in the container where it belongs.
type source struct {
	target string
	path   string // below the data directory
	file   *os.File
	yields bool // what the engine has mounted there knows more
	ofHost bool // one of the host's own, of which path is the absolute path: no container is to write it
}

func (d storeDir) sources() []source {
	return []source{
		{target: HostsPath, path: filepath.Join("etchosts", d.namespace, d.id, "hosts")},
		{target: resolvConfPath, path: filepath.Join("containers", d.namespace, d.id, "resolv.conf")},
		{target: HostnamePath, path: filepath.Join("containers", d.namespace, d.id, "hostname")},
	}
}

// storeDirs returns where the files of a container may be, the first to be preferred. An annotation may be the word of an
// image: whose files it names is for the network namespace to decide.
func storeDirs(state *specs.State, namespace string) ([]storeDir, error) {
	own, pods := namespace, namespace
	if namespace == "" {
		own, pods = ocistate.BundleNamespace(state.Bundle), PodNamespace
	}
	if err := pathElement("container ID", state.ID); err != nil {
		return nil, err
	}
	if err := pathElement("namespace", own); err != nil {
		return nil, err
	}
	var dirs []storeDir
	for _, key := range []string{criSandboxID, crioSandboxID} {
		id, ok := state.Annotations[key]
		if !ok {
			continue
		}
		if err := pathElement("annotation "+key, id); err != nil {
			return nil, err
		}
		dirs = append(dirs, storeDir{pods, id, key})
	}
	cni := (&ocistate.Container{State: *state, Namespace: own}).CNIID()
	dirs = append(dirs, storeDir{namespace: own, id: cni})
	if ctr := own + "-" + state.ID; ctr != cni { // as `ctr run --cni` has it
		dirs = append(dirs, storeDir{namespace: own, id: ctr})
	}
	dirs = append(dirs, storeDir{namespace: own, id: state.ID})
	if pods != own { // Podman's CNI_ARGS make every container a pod, to the plugin
		dirs = append(dirs, storeDir{namespace: pods, id: state.ID})
	}
	return dirs, nil
}

func pathElement(what, s string) error {
	if s == "" || s == "." || s == ".." || strings.ContainsAny(s, "/\x00") {
		return fmt.Errorf("%s %q is not a single path element", what, s)
	}
	return nil
}

// openSources opens the files of the first candidate that has any and was added with the network namespace. Where the store
// does not say with which, the container's own ID is good enough, and an annotation is not. passed takes the candidates that
// are another's. The error is os.ErrPermission if there is nothing but what may not be read.
func openSources(dataDir string, candidates []storeDir, own netns, passed func(storeDir)) ([]source, error) {
	dir, err := os.OpenFile(dataDir, unix.O_PATH|unix.O_DIRECTORY, 0)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	var denied error
	for _, candidate := range candidates {
		found, err := openAll(dir, candidate)
		if errors.Is(err, os.ErrPermission) {
			denied = err
			continue
		}
		if err != nil {
			return nil, err
		}
		if len(found) == 0 {
			continue
		}
		recorded, err := recordedNetns(dir, candidate)
		if err == nil && (recorded == own || recorded == netns{} && candidate.annotation == "") {
			return found, nil
		}
		closeSources(found)
		if err != nil {
			return nil, err
		}
		passed(candidate)
	}
	return nil, denied
}

// openAll opens those of the three files that there are.
func openAll(dir *os.File, candidate storeDir) ([]source, error) {
	var found []source
	for _, s := range candidate.sources() {
		var err error
		s.file, err = openSource(dir, s.path)
		if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ENAMETOOLONG) {
			continue
		}
		if err != nil {
			closeSources(found)
			return nil, fmt.Errorf("%s: %w", s.target, err)
		}
		if s.target == resolvConfPath {
			if s.yields, err = inherited(dir, candidate); err != nil {
				closeSources(append(found, s))
				return nil, fmt.Errorf("%s: %w", s.target, err)
			}
		}
		found = append(found, s)
	}
	return found, nil
}

// inherited reports whether nothing of a pod's resolv.conf was given explicitly: the runtime knows its DNS then, and the store does not.
func inherited(dir *os.File, d storeDir) (bool, error) {
	f, err := openSource(dir, filepath.Join("etchosts", d.namespace, d.id, "inherited"))
	if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ENAMETOOLONG) {
		return false, nil
	}
	if err == nil {
		f.Close()
	}
	return err == nil, err
}

// openSource opens a regular file below the data directory, for mounting it, and follows no symbolic link to it.
func openSource(dir *os.File, path string) (*os.File, error) {
	f, err := safefile.OpenIn(dir, path, unix.O_PATH, unix.RESOLVE_BENEATH|unix.RESOLVE_NO_SYMLINKS)
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
		return fmt.Errorf("is %w (%v)", safefile.ErrNotRegular, info.Mode())
	}
	return nil
}

func closeSources(sources []source) {
	for _, s := range sources {
		s.file.Close()
	}
}
