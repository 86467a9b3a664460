// Package ocispec edits the configuration of an OCI container, config.json (runtime-spec, config.md), and leaves what it
// does not know as it is.
package ocispec

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	specs "github.com/opencontainers/runtime-spec/specs-go"
)

// Stages of hooks (runtime-spec, config.md, POSIX-platform Hooks).
const (
	CreateRuntime   = "createRuntime"
	CreateContainer = "createContainer"
	Poststop        = "poststop"
)

// StagedHook is a hook and the stage that it is for. Its Args are without the program's name.
type StagedHook struct {
	Stage string
	specs.Hook
}

// entry is the hook as config.json has it.
func (h StagedHook) entry() specs.Hook {
	h.Args = slices.Concat([]string{filepath.Base(h.Path)}, h.Args)
	return h.Hook
}

// Edit is what a config.json is given so that its container gets its networks and its files.
type Edit struct {
	Hooks       []StagedHook
	Annotations map[string]string // those that are empty go if an earlier Edit has written them, and are left as they are if not
	// Check, if it is not nil, may refuse the annotations that the container will have.
	Check      func(annotations map[string]string) error
	Hostname   string // over any that there is; if empty, Name takes the place of the runtime's example; neither in a shared UTS namespace
	Name       Annotated
	Domainname Annotated // over any that there is; none in a shared UTS namespace
	Networked  bool      // refuse a container without a network namespace of its own
	Unlimited  bool      // drop process.rlimits
}

// Annotated is a value that is one of the annotations, too: what an earlier Edit has made of that one gives way.
type Annotated struct{ Annotation, Value string }

// written is the annotation that has the names of those which an Edit has written.
const written = "etcfiles-spec/written"

// exampleHostnames are what `runc spec` and `crun spec` call every container.
var exampleHostnames = []string{"", "runc", "crun"}

// Apply puts the edit into config.json of the bundle, and leaves everything else in it as it is, also its owner and its mode,
// and a link to it a link. Hooks of the same programs get the new path and args, so to do it twice is to do it once.
func (e Edit) Apply(bundle string) error {
	path, err := filepath.EvalSymlinks(filepath.Join(bundle, "config.json"))
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%w: make the bundle first, with `runc spec` for example", err)
	}
	if err != nil {
		return err
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	out, err := e.JSON(b)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if bytes.Equal(b, out) {
		return nil
	}
	return replaceAlike(path, out)
}

// JSON returns a config.json with the edit in it, indented as `runc spec` writes it.
func (e Edit) JSON(b []byte) ([]byte, error) {
	config, err := parseObject(b)
	if err != nil {
		return nil, err
	}
	var old struct {
		Hostname    string
		Domainname  string
		Annotations map[string]string
		Linux       struct{ Namespaces []specs.LinuxNamespace }
	}
	if err := json.Unmarshal(b, &old); err != nil {
		return nil, err
	}
	if e.Networked && !hasNamespace(old.Linux.Namespaces, specs.NetworkNamespace) {
		return nil, errors.New(`linux.namespaces has no {"type": "network"}: without a network namespace of its own a container is on no network`)
	}
	if err := e.setHostname(config, old.Hostname, old.Linux.Namespaces, old.Annotations); err != nil {
		return nil, err
	}
	switch own := ownNamespace(old.Linux.Namespaces, specs.UTSNamespace); { // else it would be another container's
	case e.Domainname.Value != "" && own:
		config.set("domainname", e.Domainname.Value)
	case old.Domainname != "" && e.Domainname.before(old.Annotations) == old.Domainname:
		config.remove("domainname")
	}
	annotations := e.annotated(old.Annotations)
	if e.Check != nil {
		if err := e.Check(annotations); err != nil {
			return nil, err
		}
	}
	switch {
	case len(annotations) > 0:
		config.set("annotations", annotations)
	case len(old.Annotations) > 0:
		config.remove("annotations")
	}
	if e.Unlimited {
		if err := dropRlimits(config); err != nil {
			return nil, fmt.Errorf("process: %w", err)
		}
	}
	hooks, err := parseObject(config.get("hooks"))
	if err != nil {
		return nil, fmt.Errorf("hooks: %w", err)
	}
	for _, h := range e.Hooks {
		if err := putHook(hooks, h.Stage, h.entry()); err != nil {
			return nil, fmt.Errorf("hooks.%s: %w", h.Stage, err)
		}
	}
	config.set("hooks", hooks)
	return config.indented()
}

// annotated returns the annotations of a container after the edit.
func (e Edit) annotated(old map[string]string) map[string]string {
	out := maps.Clone(old)
	if e.Annotations == nil {
		return out
	}
	if out == nil {
		out = map[string]string{}
	}
	delete(out, written)
	var now []string
	for _, key := range slices.Sorted(maps.Keys(e.Annotations)) {
		switch value := e.Annotations[key]; {
		case value != "":
			out[key], now = value, append(now, key)
		case wrote(old, key):
			delete(out, key)
		}
	}
	if len(now) > 0 {
		out[written] = strings.Join(now, ",")
	}
	return out
}

// wrote reports whether an earlier Edit has written the annotation.
func wrote(old map[string]string, key string) bool {
	return slices.Contains(strings.Split(old[written], ","), key)
}

// before returns the value that an earlier Edit has given, "" if none has.
func (a Annotated) before(old map[string]string) string {
	if wrote(old, a.Annotation) {
		return old[a.Annotation]
	}
	return ""
}

// setHostname gives the container its hostname. In a UTS namespace that it has not to itself it has the hostname of that: to set one there
// would rename the other containers of it, and the runtime's example would do so too.
func (e Edit) setHostname(config *object, old string, namespaces []specs.LinuxNamespace, annotations map[string]string) error {
	example := slices.Contains(exampleHostnames, old) || e.Name.before(annotations) == old
	own := ownNamespace(namespaces, specs.UTSNamespace)
	switch {
	case e.Hostname != "" && !own:
		return fmt.Errorf(`hostname %q: linux.namespaces has no {"type": "uts"} without a path, so the container has the hostname of the UTS namespace that it shares: `+
			"ask for none, or give it a UTS namespace of its own", e.Hostname)
	case e.Hostname != "":
		config.set("hostname", e.Hostname)
	case e.Name.Value != "" && example && own:
		config.set("hostname", e.Name.Value)
	case e.Name.Value != "" && example:
		config.remove("hostname")
	}
	return nil
}

func dropRlimits(config *object) error {
	process, err := parseObject(config.get("process"))
	if err != nil || !process.remove("rlimits") {
		return err
	}
	config.set("process", process)
	return nil
}

// putHook gives the hook of the same program in the stage the path and args, or appends it.
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
		old, err := parseObject(entries[i])
		if err != nil {
			return err
		}
		old.set("path", hook.Path)
		old.set("args", hook.Args)
		if entries[i], err = old.MarshalJSON(); err != nil {
			return err
		}
	}
	hooks.set(stage, entries)
	return nil
}

func hasNamespace(all []specs.LinuxNamespace, kind specs.LinuxNamespaceType) bool {
	return slices.ContainsFunc(all, func(n specs.LinuxNamespace) bool { return n.Type == kind })
}

func ownNamespace(all []specs.LinuxNamespace, kind specs.LinuxNamespaceType) bool {
	return slices.ContainsFunc(all, func(n specs.LinuxNamespace) bool { return n.Type == kind && n.Path == "" })
}

// HooksD returns the JSON of oci-hooks(5) that makes Podman and CRI-O run the hook at the stages, for containers with an
// annotation whose name matches the regular expression, or for all if that is empty. The hook's Args are without the
// program's name.
func HooksD(hook specs.Hook, annotation string, stages ...string) ([]byte, error) {
	hook = StagedHook{Hook: hook}.entry()
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
