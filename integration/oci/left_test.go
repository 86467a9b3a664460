package oci

import (
	"path/filepath"

	"github.com/etcfiles/etcfiles/integration/internal/worlds"
)

// subjects are what a container leaves while it runs, and what must be gone when it is.
var subjects = worlds.Subjects[*world]{
	"leases":  func(w *world) ([]string, error) { return worlds.Files(w.leases(), worlds.IsLease) },
	"store":   func(w *world) ([]string, error) { return worlds.Files(w.data(), worlds.IsContainerFile) },
	"cache":   func(w *world) ([]string, error) { return worlds.Files(w.cache(), nil) },
	"records": func(w *world) ([]string, error) { return children(filepath.Join(w.runDir(), "containers")) },
	"pins":    func(w *world) ([]string, error) { return children(filepath.Join(w.runDir(), "netns")) },
	"mounts":  func(w *world) ([]string, error) { return w.Mounts(w.runDir()) },
	"rules":   func(w *world) ([]string, error) { return w.Rules() },
	"links":   func(w *world) ([]string, error) { return w.Links() },
}

// ofRunning is how much there is of n containers, on one network, while they run.
func ofRunning(n int) map[string]int {
	if n == 0 {
		return map[string]int{}
	}
	return map[string]int{
		"leases": n, "cache": n, "records": n, "pins": n, "mounts": n, "links": n,
		"store": 5*n + 1, // with the network's file
		"rules": 6 * n,   // 2 of firewall; 4 of bridge: a chain, two rules in it, one that leads to it
	}
}

// left compares the numbers of what is left with what is wanted; a subject that is not named is to have none. The kernel takes
// its time to end a network namespace.
func (w *world) left(want map[string]int) error {
	return subjects.Left(w, want, func(subject string) bool { return subject == "links" })
}

func children(dir string) ([]string, error) {
	return filepath.Glob(filepath.Join(dir, "*"))
}
