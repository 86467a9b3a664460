package ocihook

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/etcfiles/etcfiles/pkg/ocistate"
)

// spec is what the hook reads of a bundle's config.json.
type spec struct {
	Hostname, Domainname string
	Linux                struct {
		Namespaces  []specs.LinuxNamespace
		UIDMappings []specs.LinuxIDMapping
		GIDMappings []specs.LinuxIDMapping
	}
}

// loadSpec reads the bundle's config.json.
func loadSpec(c *ocistate.Container) (*spec, error) {
	path := filepath.Join(c.Bundle, "config.json")
	s := &spec{}
	b, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) { // an engine may give its hooks a state of its own making
		return s, nil
	}
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(b, s); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return s, nil
}

// netnsPath returns where the container's network namespace is to be found: where its annotation says, if that counts, or
// its process. An annotation that does not count is an error: the process of a VM runtime may be in another one.
func (h *Hook) netnsPath(c *ocistate.Container) (string, error) {
	if path := c.Annotations[AnnotationNetns]; path != "" {
		if !h.Allow.has("netns") {
			return "", notAllowed(c, AnnotationNetns, "--allow-netns")
		}
		return path, nil
	}
	if c.Pid <= 0 {
		return "", fmt.Errorf("container %s: the state has no pid: install the hook for the stage createRuntime", c.ID)
	}
	return fmt.Sprintf("/proc/%d/ns/net", c.Pid), nil
}
