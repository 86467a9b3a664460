package oci

import (
	"bufio"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-iptables/iptables"
)

// subjects are what a container leaves while it runs, and what must be gone when it is.
var subjects = map[string]func(w *world) ([]string, error){
	"leases":  func(w *world) ([]string, error) { return files(w.leases(), isLease) },
	"store":   func(w *world) ([]string, error) { return files(w.data(), isContainerFile) },
	"cache":   func(w *world) ([]string, error) { return files(w.cache(), nil) },
	"records": func(w *world) ([]string, error) { return children(filepath.Join(w.runDir(), "containers")) },
	"pins":    func(w *world) ([]string, error) { return children(filepath.Join(w.runDir(), "netns")) },
	"mounts":  func(w *world) ([]string, error) { return w.mounts(w.runDir()) },
	"rules":   (*world).rules,
	"links":   (*world).links,
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

// left compares the numbers of what is left with what is wanted; a subject that is not named is to have none.
func (w *world) left(want map[string]int) error {
	var wrong []string
	for subject, find := range subjects {
		found, err := find(w)
		for end := time.Now().Add(10 * time.Second); subject == "links" && err == nil && len(found) > want[subject] && time.Now().Before(end); {
			time.Sleep(10 * time.Millisecond) // the kernel takes its time to end a network namespace
			found, err = find(w)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", subject, err)
		}
		if len(found) != want[subject] {
			wrong = append(wrong, fmt.Sprintf("%s: %d, want %d: %s", subject, len(found), want[subject], strings.Join(found, "\n\t")))
		}
	}
	if len(wrong) > 0 {
		slices.Sort(wrong)
		return fmt.Errorf("what is left of the containers:\n%s", strings.Join(wrong, "\n"))
	}
	return nil
}

// files lists the files below a directory that a filter takes.
func files(dir string, take func(path string) bool) ([]string, error) {
	var out []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if os.IsNotExist(err) {
			return nil
		}
		if err == nil && !d.IsDir() && (take == nil || take(path)) {
			out = append(out, path)
		}
		return err
	})
	return out, err
}

func isLease(path string) bool {
	name := filepath.Base(path)
	return name != "lock" && !strings.HasPrefix(name, "last_reserved_ip.")
}

// isContainerFile leaves out the caches of the store, which belong to no container.
func isContainerFile(path string) bool { return !strings.Contains(path, "/index/") }

func children(dir string) ([]string, error) {
	return filepath.Glob(filepath.Join(dir, "*"))
}

// mounts lists the mount points at a path in the world and below it.
func (w *world) mounts(dir string) ([]string, error) {
	f, err := os.Open(w.inside("/proc/1/mountinfo"))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var out []string
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if point := strings.Fields(lines.Text())[4]; point == dir || strings.HasPrefix(point, dir+"/") { // proc_pid_mountinfo(5)
			out = append(out, point)
		}
	}
	return out, lines.Err()
}

// links lists the host's ends of the containers' interfaces.
func (w *world) links() ([]string, error) {
	out, err := w.run("ip", "-br", "link", "show", "type", "veth")
	return nonEmptyLines(out), err
}

func nonEmptyLines(s string) []string {
	return slices.DeleteFunc(strings.Split(s, "\n"), func(l string) bool { return l == "" })
}

// ofContainer finds in an iptables rule what the plugins write for one container: its address, its ID in a comment, or a
// chain of its own.
var ofContainer = regexp.MustCompile(`10\.231\.\d+\.\d+/32|id: |-N CNI-(DN-|SN-)?[0-9a-f]{10,}`)

// rules lists the iptables rules of the world that are a container's.
func (w *world) rules() ([]string, error) {
	out, err := w.run(filepath.Join(w.bin(), "rules"))
	return slices.DeleteFunc(strings.Split(out, "\n"), func(rule string) bool { return !ofContainer.MatchString(rule) }), err
}

// printRules prints every rule of the network namespace that it runs in.
func printRules() error {
	for _, protocol := range []iptables.Protocol{iptables.ProtocolIPv4, iptables.ProtocolIPv6} {
		ipt, err := iptables.NewWithProtocol(protocol)
		if err != nil {
			return err
		}
		for _, table := range []string{"filter", "nat"} {
			chains, err := ipt.ListChains(table)
			if err != nil {
				return err
			}
			for _, chain := range chains {
				rules, err := ipt.List(table, chain)
				if err != nil {
					return err
				}
				fmt.Println(strings.Join(rules, "\n"))
			}
		}
	}
	return nil
}
