// Package ocistate reads the state that an OCI runtime gives a hook on stdin (runtime-spec, runtime.md, State) and says by
// which names the container is known elsewhere: to CNI, and in the data directory of etcfiles.
package ocistate

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"

	specs "github.com/opencontainers/runtime-spec/specs-go"
)

// defaultNamespace is the containerd namespace of a container whose bundle is not containerd's.
const defaultNamespace = "default"

// Container is a container as its state shows it. The state's Pid is that of the host at createRuntime only.
type Container struct {
	specs.State
	// Namespace is the containerd namespace, which keeps containers of the same ID apart.
	Namespace string
}

// CNI takes this as a container ID (CNI spec, section 2, CNI_CONTAINERID), and it is a single path element.
var cniID = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_.\-]*$`) })

// Read decodes a state. The containerd namespace is the given one or, if that is empty, the one in the path of a bundle
// of containerd's, or defaultNamespace. It fails on what CNI does not take as an ID.
func Read(r io.Reader, namespace string) (*Container, error) {
	c := &Container{Namespace: namespace}
	if err := json.NewDecoder(r).Decode(&c.State); err != nil {
		return nil, fmt.Errorf("the container's state on stdin: %w: this is to be called by an OCI runtime, as a hook", err)
	}
	if c.Namespace == "" {
		c.Namespace = BundleNamespace(c.Bundle)
	}
	for _, s := range []string{c.Namespace, c.ID} {
		if !cniID().MatchString(s) {
			return nil, fmt.Errorf("container %q of namespace %q: CNI takes letters, digits, dots, dashes and underscores in an ID, "+
				"and a letter or digit first: start it under another one", c.ID, c.Namespace)
		}
	}
	return c, nil
}

// BundleNamespace returns the <NS> of …/io.containerd.runtime.v2.task/<NS>/<ID>, where containerd's shims keep bundles, and
// defaultNamespace for any other path.
func BundleNamespace(bundle string) string {
	dir, namespace := filepath.Split(filepath.Dir(filepath.Clean(bundle)))
	if strings.HasPrefix(filepath.Base(dir), "io.containerd.runtime.") {
		return namespace
	}
	return defaultNamespace
}

// CNIID returns the container ID by which CNI plugins know the container: <NS>-<ID>. A dash in the namespace is doubled,
// so that no two containers have the same: containerd allows no two dashes in a row.
func (c *Container) CNIID() string {
	return strings.ReplaceAll(c.Namespace, "-", "--") + "-" + c.ID
}

// BeingCreated returns an error unless the state is that of a container that its runtime creates, as it is at the stages
// createRuntime and createContainer: creating or, by crun, created. A state without a status is one, too. So is a container
// that runc restores, stopped and with the process that CRIU has made.
func BeingCreated(s *specs.State) error {
	switch s.Status {
	case specs.StateRunning, statePaused:
	case specs.StateStopped:
		if Restored(s) {
			return nil
		}
	default:
		return nil
	}
	return fmt.Errorf("container %s is %s: this is for its runtime to call, while it creates the container: nothing is done", s.ID, s.Status)
}

// statePaused is no status of the specification, but of runc and crun.
const statePaused specs.ContainerState = "paused"

// Restored reports whether the state is that of a container that runc restores from a checkpoint: its process has the name
// of CRIU until it is what it was.
func Restored(s *specs.State) bool {
	if s.Status != specs.StateStopped || s.Pid <= 0 {
		return false
	}
	name, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", s.Pid))
	return err == nil && strings.TrimSpace(string(name)) == "criu"
}

var hexID = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[0-9a-f]{64}$`) })

// ShortID returns the ID as engines show it: 12 digits of a long random one, any other in full.
func (c *Container) ShortID() string {
	if hexID().MatchString(c.ID) {
		return c.ID[:12]
	}
	return c.ID
}
