package ocihook

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/etcfiles/etcfiles/pkg/ocistate"
)

// uts returns the host and domain name that the bundle's config.json gives the container.
func uts(c *ocistate.Container) (hostname, domainname string, err error) {
	path := filepath.Join(c.Bundle, "config.json")
	b, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) { // an engine may give its hooks a state of its own making
		return "", "", nil
	}
	if err != nil {
		return "", "", err
	}
	var spec struct{ Hostname, Domainname string }
	if err := json.Unmarshal(b, &spec); err != nil {
		return "", "", fmt.Errorf("%s: %w", path, err)
	}
	return spec.Hostname, spec.Domainname, nil
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
