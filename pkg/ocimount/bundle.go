package ocimount

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// bundle is what the hook reads of a bundle's config.json.
type bundle struct {
	dir      string
	Root     *specs.Root   `json:"root"`
	Mounts   []specs.Mount `json:"mounts"`
	Hostname string        `json:"hostname"`
	Linux    struct {
		Namespaces []specs.LinuxNamespace `json:"namespaces"`
	} `json:"linux"`
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

// joinsNetns tells whether the container enters a network namespace that was there before.
func (b *bundle) joinsNetns() bool {
	return slices.ContainsFunc(b.Linux.Namespaces, func(n specs.LinuxNamespace) bool {
		return n.Type == specs.NetworkNamespace && n.Path != ""
	})
}

// hasOwnUTS tells whether the container has a UTS namespace, and so a hostname, to itself.
func (b *bundle) hasOwnUTS() bool {
	return slices.ContainsFunc(b.Linux.Namespaces, func(n specs.LinuxNamespace) bool {
		return n.Type == specs.UTSNamespace && n.Path == ""
	})
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

// isolatedMount tells whether the options of a mount keep what is mounted on it later from being seen elsewhere.
func isolatedMount(m *specs.Mount) bool {
	isolated := false
	for _, option := range m.Options {
		switch option {
		case "private", "rprivate", "slave", "rslave", "unbindable", "runbindable":
			isolated = true
		case "shared", "rshared":
			isolated = false
		}
	}
	return isolated
}
