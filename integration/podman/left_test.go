package podman

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// subjects are what a container leaves while it runs, and what must be gone when it is.
var subjects = map[string]func(w *world) ([]string, error){
	"leases": func(w *world) ([]string, error) { return w.files(leasesDir, isLease) },
	"store":  func(w *world) ([]string, error) { return w.files(dataDir, isContainerFile) },
	"cache":  func(w *world) ([]string, error) { return w.files(cacheDir, nil) },
	"netns":  func(w *world) ([]string, error) { return w.files(netnsDir, nil) },
	"rules":  (*world).rules,
	"links":  (*world).links,
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
	var wrong []string
	var failed error
	if err := poll("", func() bool {
		wrong, failed = w.differences(want)
		return len(wrong) == 0 || failed != nil
	}); err != nil {
		return fmt.Errorf("what is left of the containers:\n%s", strings.Join(wrong, "\n"))
	}
	return failed
}

func (w *world) differences(want map[string]int) ([]string, error) {
	var wrong []string
	for subject, find := range subjects {
		found, err := find(w)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", subject, err)
		}
		if len(found) != want[subject] {
			wrong = append(wrong, fmt.Sprintf("%s: %d, want %d: %s", subject, len(found), want[subject], strings.Join(found, "\n\t")))
		}
	}
	slices.Sort(wrong)
	return wrong, nil
}

// files lists the files below a directory of the world that a filter takes.
func (w *world) files(dir string, take func(path string) bool) ([]string, error) {
	var out []string
	err := filepath.WalkDir(w.inside(dir), func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil && !isGone(err):
			return err
		case err == nil && !d.IsDir() && (take == nil || take(path)):
			out = append(out, path)
		}
		return nil
	})
	return out, err
}

func isLease(path string) bool {
	name := filepath.Base(path)
	return name != "lock" && !strings.HasPrefix(name, "last_reserved_ip.")
}

// isContainerFile leaves out the caches of the store, which belong to no container.
func isContainerFile(path string) bool { return !strings.Contains(path, "/index/") }

// links lists the host's ends of the containers' interfaces.
func (w *world) links() ([]string, error) {
	out, _, err := w.run("ip", "-br", "link", "show", "type", "veth")
	return strings.FieldsFunc(out, func(r rune) bool { return r == '\n' }), err
}

// ofContainer finds in an iptables rule what the plugins write for one container: its address, its ID in a comment, or a
// chain of its own.
var ofContainer = regexp.MustCompile(`10\.88\.\d+\.\d+/32|id: |-N CNI-(DN-|SN-)?[0-9a-f]{10,}`)

// rules lists the iptables rules of the world that are a container's.
func (w *world) rules() ([]string, error) {
	var out []string
	for _, table := range []string{"filter", "nat"} {
		all, _, err := w.run("iptables", "-w", "-t", table, "-S")
		if err != nil {
			return nil, err
		}
		for rule := range strings.Lines(all) {
			if ofContainer.MatchString(rule) {
				out = append(out, strings.TrimSpace(rule))
			}
		}
	}
	return out, nil
}
