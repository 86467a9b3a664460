package podman

import "github.com/etcfiles/etcfiles/integration/internal/worlds"

// subjects are what a container leaves while it runs, and what must be gone when it is.
var subjects = worlds.Subjects[*world]{
	"leases": func(w *world) ([]string, error) { return worlds.Files(w.Inside(leasesDir), worlds.IsLease) },
	"store":  func(w *world) ([]string, error) { return worlds.Files(w.Inside(dataDir), worlds.IsContainerFile) },
	"cache":  func(w *world) ([]string, error) { return worlds.Files(w.Inside(cacheDir), nil) },
	"netns":  func(w *world) ([]string, error) { return worlds.Files(w.Inside(netnsDir), nil) },
	"rules":  func(w *world) ([]string, error) { return w.Rules() },
	"links":  func(w *world) ([]string, error) { return w.Links() },
}

// ofRunning is how much there is of n containers, on one network, while they run.
func ofRunning(n int) map[string]int {
	if n == 0 {
		return map[string]int{}
	}
	return map[string]int{
		"leases": n, "cache": n, "netns": n, "links": n,
		"store": 5*n + 1, // with the network's file
		"rules": 6 * n,   // 2 of firewall; 4 of bridge: a chain, two rules in it, one that leads to it
	}
}

// left waits until there is as much of each subject as is wanted; of a subject that is not named there is to be none. What a
// container leaves that ended by itself is removed by the process of Podman that watches it, and a namespace by the kernel.
func (w *world) left(want map[string]int) error {
	return subjects.Left(w, want, func(string) bool { return true })
}
