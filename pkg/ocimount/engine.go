package ocimount

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/etcfiles/etcfiles/pkg/kubehosts"
)

// HostsPath is where a container has its hosts(5) file.
const HostsPath = "/etc/hosts"

// OfEngine reports whether what a container has mounted at the target, one of the three paths, is a file that its engine keeps for it,
// by the path of its source: the kubelet's for a pod, or one of the state directory of a sandbox or container of CRI, CRI-O or Podman.
// Whatever else is mounted there was asked for by the container's user. The sandbox IDs are those of the container's pod.
func OfEngine(target, source string, sandboxIDs ...string) bool {
	if target == HostsPath && kubehosts.IsHosts(source) {
		return true
	}
	dir, file := filepath.Split(filepath.Clean(source))
	parts := strings.Split(strings.Trim(dir, "/"), "/")
	if len(parts) < 3 || !filepath.IsAbs(source) {
		return false
	}
	last, before, first := parts[len(parts)-1], parts[len(parts)-2], parts[len(parts)-3]
	if file != filepath.Base(target) {
		return false
	}
	if before == "sandboxes" { // <root>/io.containerd.grpc.v1.cri/sandboxes/<ID>/hosts
		return slices.Contains(sandboxIDs, last)
	}
	// <run root>/<driver>-containers/<ID>/userdata/hosts, also of the container whose network namespace is joined
	return last == "userdata" && strings.HasSuffix(first, "-containers")
}
