package ocimount

import (
	"fmt"
	"path/filepath"
)

// PodNamespace is the namespace in the store of the pods that CRI makes.
const PodNamespace = "k8s.io"

// File is one of the three files: its path in the container and, absolute, that of the store's.
type File struct {
	Target, Source string
	Yields         bool // what the runtime mounts there knows more, and is to stay
}

// PodFiles returns those of the three files that the store has for the pod with the sandbox ID and the network namespace at
// path, none if it knows nothing of such a pod. A path of "" is the network namespace of the host. It fails if what is in the
// store is not a regular file of its own.
func PodFiles(dataDir, namespace, sandboxID, path string) ([]File, error) {
	if err := pathElement("sandbox ID", sandboxID); err != nil {
		return nil, err
	}
	if err := checkKernel(); err != nil {
		return nil, err
	}
	if path == "" {
		path = ownNetns
	}
	own, err := netnsAt(path)
	if err != nil {
		return nil, fmt.Errorf("the pod's network namespace: %w", err)
	}
	sources, err := openSources(dataDir, []storeDir{{namespace: namespace, id: sandboxID}}, own, func(storeDir) {})
	if err != nil {
		return nil, err
	}
	defer closeSources(sources)
	var out []File
	for _, s := range sources {
		out = append(out, File{Target: s.target, Source: filepath.Join(dataDir, s.path), Yields: s.yields})
	}
	return out, nil
}
