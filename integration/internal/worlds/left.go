package worlds

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Subjects are what containers leave in a world of type W while they run, and what must be gone when they are.
type Subjects[W any] map[string]func(W) ([]string, error)

// Left compares the numbers of what is left with what is wanted; a subject that is not named is to have none. It waits for
// those that are late, as the kernel is with a network namespace.
func (s Subjects[W]) Left(w W, want map[string]int, late func(subject string) bool) error {
	var wrong []string
	var failed error
	for subject, find := range s {
		var found []string
		look := func() bool {
			found, failed = find(w)
			return failed != nil || len(found) == want[subject] || !late(subject)
		}
		_ = Poll("", look) // what differs is told below
		if failed != nil {
			return fmt.Errorf("%s: %w", subject, failed)
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

// ReadCounts reads [N] [SUBJECT=N...]: what N containers leave while they run, or none, except for the subjects that are
// named.
func (s Subjects[W]) ReadCounts(args []string, ofRunning func(n int) map[string]int) (map[string]int, error) {
	n := 0
	if len(args) > 0 && !strings.Contains(args[0], "=") {
		var err error
		if n, err = strconv.Atoi(args[0]); err != nil {
			return nil, err
		}
		args = args[1:]
	}
	want := ofRunning(n)
	for _, arg := range args {
		subject, text, _ := strings.Cut(arg, "=")
		n, err := strconv.Atoi(text)
		if err != nil || s[subject] == nil {
			return nil, fmt.Errorf("%s: want SUBJECT=N", arg)
		}
		want[subject] = n
	}
	return want, nil
}

// Files lists the files below a directory that a filter takes.
func Files(dir string, take func(path string) bool) ([]string, error) {
	var out []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, os.ErrNotExist) {
			return nil
		}
		if err == nil && !d.IsDir() && (take == nil || take(path)) {
			out = append(out, path)
		}
		return err
	})
	return out, err
}

// IsLease leaves out what host-local keeps for itself.
func IsLease(path string) bool {
	name := filepath.Base(path)
	return name != "lock" && !strings.HasPrefix(name, "last_reserved_ip.")
}

// IsContainerFile leaves out the caches of the store, which belong to no container.
func IsContainerFile(path string) bool { return !strings.Contains(path, "/index/") }

// Links lists the host's ends of the containers' interfaces.
func (w *World) Links() ([]string, error) {
	out, err := w.Command("ip", "-br", "link", "show", "type", "veth").Output()
	return linesOf(out, func(string) bool { return true }), err
}

func linesOf(out []byte, take func(line string) bool) []string {
	return slices.DeleteFunc(strings.Split(string(out), "\n"), func(l string) bool { return l == "" || !take(l) })
}

// ofContainer finds in an iptables rule what the plugins write for one container: its address, its ID in a comment, or a
// chain of its own.
var ofContainer = regexp.MustCompile(`10\.231\.\d+\.\d+/32|id: |-N CNI-(DN-|SN-)?[0-9a-f]{10,}`)

// Rules lists the iptables rules of the world that are a container's.
func (w *World) Rules() ([]string, error) {
	var rules []string
	for _, program := range []string{"iptables", "ip6tables"} {
		for _, table := range []string{"filter", "nat"} {
			out, err := w.Command(program, "-w", "-t", table, "-S").Output()
			if err != nil {
				return nil, fmt.Errorf("%s: %w", program, err)
			}
			rules = append(rules, linesOf(out, ofContainer.MatchString)...)
		}
	}
	return rules, nil
}

// Mounts lists the mount points at a path in the world and below it.
func (w *World) Mounts(dir string) ([]string, error) {
	f, err := os.Open(w.Inside("/proc/1/mountinfo"))
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
