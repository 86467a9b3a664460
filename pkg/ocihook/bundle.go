package ocihook

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	specs "github.com/opencontainers/runtime-spec/specs-go"
)

// Edit is what a bundle is given so that its container gets its networks and its files.
type Edit struct {
	CNI         specs.Hook        // for createRuntime and poststop; the name of the stage is added to its args
	Mount       *specs.Hook       // for createContainer; none if nil
	Annotations map[string]string // those that are empty are left as they are
	Hostname    string            // over any that the bundle has; if empty, Name takes the place of the runtime's example
	Name        string
}

// exampleHostnames are what `runc spec` and `crun spec` call every container.
var exampleHostnames = []string{"", "runc", "crun"}

// Apply puts the edit into config.json of the bundle, and leaves everything else in it as it is. Hooks of the same
// programs are replaced, so to do it twice is to do it once.
func (e Edit) Apply(bundle string) error {
	path := filepath.Join(bundle, "config.json")
	b, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%w: make the bundle first, with `runc spec` for example", err)
	}
	if err != nil {
		return err
	}
	out, err := e.edit(b)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if bytes.Equal(b, out) {
		return nil
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if err := os.WriteFile(path+".new", out, info.Mode().Perm()); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

func (e Edit) edit(b []byte) ([]byte, error) {
	config, err := parseObject(b)
	if err != nil {
		return nil, err
	}
	var old struct {
		Hostname    string
		Annotations map[string]string
		Linux       *struct{ Namespaces []specs.LinuxNamespace }
	}
	if err := json.Unmarshal(b, &old); err != nil {
		return nil, err
	}
	if old.Linux == nil || !hasNamespace(old.Linux.Namespaces, specs.NetworkNamespace) {
		return nil, errors.New(`linux.namespaces has no {"type": "network"}: without a network namespace of its own a container is on no network`)
	}
	if hasNamespace(old.Linux.Namespaces, specs.UTSNamespace) {
		switch {
		case e.Hostname != "":
			config.set("hostname", e.Hostname)
		case e.Name != "" && slices.Contains(exampleHostnames, old.Hostname):
			config.set("hostname", e.Name)
		}
	}
	annotations := map[string]string{}
	maps.Copy(annotations, old.Annotations)
	for key, value := range e.Annotations {
		if value != "" {
			annotations[key] = value
		}
	}
	if len(annotations) > 0 {
		config.set("annotations", annotations)
	}
	hooks, err := parseObject(config.get("hooks"))
	if err != nil {
		return nil, fmt.Errorf("hooks: %w", err)
	}
	for stage, hook := range e.hooks() {
		if err := putHook(hooks, stage, hook); err != nil {
			return nil, fmt.Errorf("hooks.%s: %w", stage, err)
		}
	}
	config.set("hooks", hooks)
	return config.indented()
}

// hooks yields the stages in the order of a container's life.
func (e Edit) hooks() func(yield func(string, specs.Hook) bool) {
	return func(yield func(string, specs.Hook) bool) {
		if !yield("createRuntime", withArgs(e.CNI, "createRuntime")) {
			return
		}
		if e.Mount != nil && !yield("createContainer", withArgs(*e.Mount, "createContainer")) {
			return
		}
		yield("poststop", withArgs(e.CNI, "poststop"))
	}
}

func withArgs(h specs.Hook, args ...string) specs.Hook {
	h.Args = slices.Concat([]string{filepath.Base(h.Path)}, h.Args, args)
	return h
}

// putHook replaces the hook of the same program in the stage, or appends it.
func putHook(hooks *object, stage string, hook specs.Hook) error {
	var entries []json.RawMessage
	if raw := hooks.get(stage); raw != nil {
		if err := json.Unmarshal(raw, &entries); err != nil {
			return err
		}
	}
	entry, err := json.Marshal(hook)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(entries, func(raw json.RawMessage) bool {
		var h specs.Hook
		return json.Unmarshal(raw, &h) == nil && filepath.Base(h.Path) == filepath.Base(hook.Path)
	})
	if i < 0 {
		entries = append(entries, entry)
	} else {
		entries[i] = entry
	}
	hooks.set(stage, entries)
	return nil
}

func hasNamespace(all []specs.LinuxNamespace, kind specs.LinuxNamespaceType) bool {
	return slices.ContainsFunc(all, func(n specs.LinuxNamespace) bool { return n.Type == kind })
}

// HooksD returns the JSON of oci-hooks(5) that makes Podman and CRI-O run the hook at the stages, for containers with an
// annotation that matches the regular expression, or for all if that is empty.
func HooksD(hook specs.Hook, annotation string, stages ...string) ([]byte, error) {
	when := map[string]any{"always": true}
	if annotation != "" {
		when = map[string]any{"annotations": map[string]string{annotation: ".+"}}
	}
	b, err := json.MarshalIndent(struct {
		Version string         `json:"version"`
		Hook    specs.Hook     `json:"hook"`
		When    map[string]any `json:"when"`
		Stages  []string       `json:"stages"`
	}{"1.0.0", hook, when, stages}, "", "\t")
	return append(b, '\n'), err
}
