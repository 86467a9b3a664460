package containerd

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// release is a release of containerd that is tested.
type release struct {
	name       string
	dir        string // below bin
	config     string // see containerd-config.toml(5)
	filesFirst bool   // it writes the files of a sandbox before CNI's ADD, not after it
	status     bool   // it calls STATUS
	ctrDELs    int    // how often ctr calls DEL for one container in the foreground and two in the background
}

var versions = []release{
	{name: "1.6", dir: "containerd1", config: config2, filesFirst: true, ctrDELs: 1},
	{name: "2.4", dir: "containerd2", config: config3, status: true, ctrDELs: 3},
}

func (r release) binary(name string) string { return filepath.Join(repository, "bin", r.dir, name) }

// baseSpec is where a node has the specification that every container of a pod starts from.
const baseSpec = "/etc/containerd/base-spec.json"

// crun is where a node has a script in place of crun: crun before 1.9 takes no configuration whose ociVersion is above 1.0, and
// containerd 2 writes newer ones.
const (
	crun       = "/opt/crun"
	crunScript = `#!/bin/sh
before=
for argument; do
	if [ "$before" = --bundle ]; then
		sed -i 's/"ociVersion": *"1\.[1-9][^"]*"/"ociVersion":"1.0.2"/' "$argument/config.json" || exit
	fi
	before=$argument
done
exec crun "$@"
`
)

// Both configurations set the same: the pause image, since nothing can be pulled; no score below that of containerd's parent,
// since CAP_SYS_RESOURCE may be missing; and runc and crun with the base specification.
const (
	config2 = `version = 2

[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "` + imageName + `"
  restrict_oom_score_adj = true
  disable_apparmor = true

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
  base_runtime_spec = "` + baseSpec + `"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.crun]
  runtime_type = "io.containerd.runc.v2"
  base_runtime_spec = "` + baseSpec + `"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.crun.options]
  BinaryName = "` + crun + `"
`
	config3 = `version = 3

[plugins."io.containerd.cri.v1.images".pinned_images]
  sandbox = "` + imageName + `"

[plugins."io.containerd.cri.v1.runtime"]
  restrict_oom_score_adj = true
  disable_apparmor = true

[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
  base_runtime_spec = "` + baseSpec + `"

[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.crun]
  runtime_type = "io.containerd.runc.v2"
  base_runtime_spec = "` + baseSpec + `"

[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.crun.options]
  BinaryName = "` + crun + `"
`
)

// withHook returns containerd's default specification with etcfiles-mount, which is at a path, as a hook.
func withHook(t *testing.T, specification, hook string) []byte {
	t.Helper()
	var spec map[string]any
	if err := json.Unmarshal([]byte(specification), &spec); err != nil {
		t.Fatal(err)
	}
	spec["hooks"] = map[string]any{"createContainer": []any{
		map[string]any{"path": hook, "args": []string{"etcfiles-mount", "--override", "createContainer"}},
	}}
	return marshal(t, spec)
}

func marshal(t *testing.T, value any) []byte {
	t.Helper()
	data, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// Conflists that are shipped.
const (
	shipped      = "10-bridge.conflist"
	shippedCNI11 = "10-bridge-1.1.0.conflist"
)

func conflist(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(repository, "conflists", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// ship gives a shipped conflist.
func ship(name string) func(*testing.T) []byte {
	return func(t *testing.T) []byte { return conflist(t, name) }
}

// configured gives a shipped conflist with a value in the part of etcfiles.
func configured(key string, value any) func(*testing.T) []byte {
	return edited(func(plugins []any) []any {
		plugins[len(plugins)-1].(map[string]any)[key] = value
		return plugins
	})
}

// recorded gives a shipped conflist with the recorder before etcfiles.
func recorded(t *testing.T) []byte {
	return edited(func(plugins []any) []any { return slices.Insert(plugins, len(plugins)-1, recorder("")) })(t)
}

// failing gives a shipped conflist with the recorder, told to fail ADD, behind etcfiles.
func failing(t *testing.T) []byte {
	return edited(func(plugins []any) []any { return append(plugins, recorder("ADD")) })(t)
}

func edited(edit func(plugins []any) []any) func(*testing.T) []byte {
	return func(t *testing.T) []byte {
		t.Helper()
		var list map[string]any
		if err := json.Unmarshal(conflist(t, shipped), &list); err != nil {
			t.Fatal(err)
		}
		list["plugins"] = edit(list["plugins"].([]any))
		return marshal(t, list)
	}
}

func recorder(fail string) any {
	capabilities := map[string]bool{}
	for _, name := range []string{"dns", "portMappings", "bandwidth", "io.kubernetes.cri.pod-annotations", "cgroupPath", "aliases", "etcfiles"} {
		capabilities[name] = true
	}
	return map[string]any{"type": recorderName, "fail": fail, "capabilities": capabilities}
}

// calls returns how the recorder was called since the last time it was asked.
func (n *node) calls() []call {
	n.t.Helper()
	data, err := os.ReadFile(n.path(recorderLog))
	if err != nil && !os.IsNotExist(err) {
		n.t.Fatal(err)
	}
	var calls []call
	for line := range strings.Lines(string(data)) {
		var c call
		if err := json.Unmarshal([]byte(line), &c); err != nil {
			n.t.Fatal(fmt.Errorf("%s: %w", recorderLog, err))
		}
		calls = append(calls, c)
	}
	if err := os.RemoveAll(n.path(recorderLog)); err != nil {
		n.t.Fatal(err)
	}
	return calls
}
