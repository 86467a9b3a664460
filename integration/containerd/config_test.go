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
	table      string // the configuration's table for the part of CRI that runs containers
	filesFirst bool   // it writes the files of a sandbox before CNI's ADD, not after it
	status     bool   // it calls STATUS
	ctrDELs    int    // how often ctr calls DEL for one container in the foreground and two in the background
}

var (
	containerd1 = release{
		name: "1.6", dir: "containerd1", config: config2, table: `plugins."io.containerd.grpc.v1.cri"`, filesFirst: true, ctrDELs: 1,
	}
	containerd2 = release{
		name: "2.4", dir: "containerd2", config: config3, table: `plugins."io.containerd.cri.v1.runtime"`, status: true, ctrDELs: 3,
	}
	// containerd17 is tested only where its package matters.
	containerd17 = release{
		name: "1.7", dir: "containerd17", config: config2, table: containerd1.table, filesFirst: true, ctrDELs: 1,
	}
	versions = []release{containerd1, containerd2}
)

func (r release) binary(name string) string { return filepath.Join(repository, "bin", r.dir, name) }

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

// Both configurations set the same: the pause image, since nothing can be pulled, and no score below that of containerd's parent,
// since CAP_SYS_RESOURCE may be missing.
const (
	config2 = `version = 2

[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "` + imageName + `"
  restrict_oom_score_adj = true
  disable_apparmor = true

`
	config3 = `version = 3

[plugins."io.containerd.cri.v1.images".pinned_images]
  sandbox = "` + imageName + `"

[plugins."io.containerd.cri.v1.runtime"]
  restrict_oom_score_adj = true
  disable_apparmor = true

`
)

// configFile is containerd's configuration.
const configFile = "/etc/containerd/config.toml"

// configure writes containerd's configuration: what every node has, lines for the runtime handler runc, the same for crun, and more.
func (n *node) configure(runc, more string) {
	n.t.Helper()
	crunLines := strings.ReplaceAll(runc, ".runtimes.runc]", ".runtimes.crun]")
	n.write(configFile, fmt.Appendf(nil, "%s%s%s[%s.containerd.runtimes.crun.options]\n  BinaryName = %q\n%s",
		n.release.config, runc, crunLines, n.release.table, crun, more))
}

// baseSpec is where a node has the specification that every container of a pod starts from.
const baseSpec = "/etc/containerd/etcfiles.json"

// byBaseSpec has the files come into pods in the way that the README shows: etcfiles-mount makes the specification and prints
// what containerd's configuration needs.
func byBaseSpec(n *node) {
	n.t.Helper()
	n.configure(n.linesOf(n.makeBaseSpec(baseSpec)), "")
}

// makeBaseSpec has etcfiles-mount make a specification from that of the node's containerd, and returns what it prints.
func (n *node) makeBaseSpec(path string, flags ...string) string {
	n.t.Helper()
	n.write(path, nil) // for its directory
	return n.run("sh", "-ec", "ctr oci spec | "+mountHook+" "+strings.Join(flags, " ")+" base-spec "+path)
}

// linesOf returns those of the lines of etcfiles-mount that are for the node's version of the configuration: they are headed by a
// comment that begins so.
func (n *node) linesOf(printed string) string {
	n.t.Helper()
	version, _, _ := strings.Cut(n.release.config, "\n")
	_, lines, found := strings.Cut(printed, "# "+version+" ")
	_, lines, _ = strings.Cut(lines, "\n")
	lines, _, _ = strings.Cut(lines, "#")
	if !found {
		n.t.Fatalf("nothing for %s in what etcfiles-mount prints:\n%s", version, printed)
	}
	return lines
}

func marshal(t testing.TB, value any) []byte {
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

func conflist(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(repository, "conflists", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// ship gives a shipped conflist.
func ship(name string) func(testing.TB) []byte {
	return func(t testing.TB) []byte { return conflist(t, name) }
}

// configured gives a shipped conflist with a value in the part of etcfiles.
func configured(key string, value any) func(testing.TB) []byte {
	return edited(func(plugins []any) []any {
		plugins[len(plugins)-1].(map[string]any)[key] = value
		return plugins
	})
}

// recorded gives a shipped conflist with the recorder before etcfiles.
func recorded(t testing.TB) []byte {
	return edited(func(plugins []any) []any { return slices.Insert(plugins, len(plugins)-1, recorder("")) })(t)
}

// failing gives a shipped conflist with the recorder, told to fail ADD, behind etcfiles.
func failing(t testing.TB) []byte {
	return edited(func(plugins []any) []any { return append(plugins, recorder("ADD")) })(t)
}

func edited(edit func(plugins []any) []any) func(testing.TB) []byte {
	return func(t testing.TB) []byte {
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
