package ocimount

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// bundle is what the hook reads of a bundle's config.json.
type bundle struct {
	dir      string
	Root     *specs.Root   `json:"root"`
	Mounts   []specs.Mount `json:"mounts"`
	Hostname string        `json:"hostname"`
}

func loadBundle(dir string) (*bundle, error) {
	if !filepath.IsAbs(dir) {
		return nil, fmt.Errorf("bundle %q in the container's state is not an absolute path", dir)
	}
	path := filepath.Join(dir, "config.json")
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	b := &bundle{dir: dir}
	if err := json.Unmarshal(data, b); err != nil {
		return nil, fmt.Errorf("decode %s: %w", path, err)
	}
	if b.Root == nil || b.Root.Path == "" {
		return nil, errors.New(path + " has no root.path")
	}
	return b, nil
}

func (b *bundle) rootPath() string {
	if filepath.IsAbs(b.Root.Path) {
		return b.Root.Path
	}
	return filepath.Join(b.dir, b.Root.Path)
}

// mountsAt tells whether the bundle itself mounts something at the path in the container.
func (b *bundle) mountsAt(path string) bool {
	for _, m := range b.Mounts {
		if filepath.Clean("/"+m.Destination) == path {
			return true
		}
	}
	return false
}

// readonlyMount tells whether the options of a mount make it read-only. A runtime may carry that out only after the
// hook: runc does so for tmpfs.
func readonlyMount(m *specs.Mount) bool {
	readonly := false
	for _, option := range m.Options {
		switch option {
		case "ro", "rro":
			readonly = true
		case "rw", "rrw":
			readonly = false
		}
	}
	return readonly
}
