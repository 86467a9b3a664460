package upgrade

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
)

// machine is a machine from outside.
type machine struct {
	root  string // path of its root
	watch *watch
}

// container is one that runs on a machine.
type container struct {
	name  string // by its hostname
	proc  string // directory of its first process in /proc
	start string // when that began
	file  uint64 // inode of its /etc/hosts, as it sees it
}

// containers returns those that run: the first process of each mount namespace whose /etc/hosts is of etcfiles.
func (m *machine) containers() ([]container, error) {
	dirs, err := filepath.Glob(m.root + "/proc/[0-9]*")
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	var out []container
	for _, dir := range dirs {
		mounts, err := os.Readlink(dir + "/ns/mnt")
		if err != nil || seen[mounts] {
			continue // it has ended, or is not the first
		}
		seen[mounts] = true
		c := container{proc: dir}
		if _, text := c.lookup(nil); !strings.Contains(text, "<etcfiles>") {
			continue
		}
		if c.start, c.file, err = c.identity(); err != nil {
			return nil, err
		}
		name, _ := os.ReadFile(dir + "/root/etc/hostname")
		c.name = strings.TrimSpace(string(name))
		out = append(out, c)
	}
	return out, nil
}

// identity returns when the container's first process began, and the inode of its /etc/hosts.
func (c container) identity() (start string, file uint64, err error) {
	stat, err := os.ReadFile(c.proc + "/stat")
	if err != nil {
		return "", 0, err
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	if fields := strings.Fields(rest); len(fields) > 19 {
		start = fields[19] // starttime of proc_pid_stat(5)
	}
	info, err := os.Stat(c.proc + "/root/etc/hosts")
	if err != nil {
		return "", 0, err
	}
	return start, info.Sys().(*syscall.Stat_t).Ino, nil
}

// lookup finds the addresses of each name in the /etc/hosts that the container sees, and returns the file, too: of one that is not there,
// nothing.
func (c container) lookup(names []string) (addresses [][]string, text string) {
	b, _ := os.ReadFile(c.proc + "/root/etc/hosts")
	addresses = make([][]string, len(names))
	for line := range strings.Lines(string(b)) {
		line, _, _ = strings.Cut(line, "#")
		words := strings.Fields(line)
		for i, name := range names {
			if len(words) > 1 && slices.Contains(words[1:], name) {
				addresses[i] = append(addresses[i], words[0])
			}
		}
	}
	return addresses, string(b)
}

// watch reads the files of containers until it is ended.
type watch struct {
	stop func() // once
	done chan struct{}

	reads int
	err   error
}

// startWatch reads the files of the containers with the names, in which each of these has to have the one address that it has now.
func (m *machine) startWatch(names []string) (*watch, error) {
	containers, err := m.containers()
	if err != nil {
		return nil, err
	}
	containers = slices.DeleteFunc(containers, func(c container) bool { return !slices.Contains(names, c.name) })
	if len(containers) != len(names) {
		return nil, fmt.Errorf("of %v these run: %v", names, containers)
	}
	want, text := containers[0].lookup(names)
	for i, name := range names {
		if len(want[i]) != 1 {
			return nil, fmt.Errorf("%s has the addresses %v:\n%s", name, want[i], text)
		}
	}
	stop := make(chan struct{})
	w := &watch{stop: sync.OnceFunc(func() { close(stop) }), done: make(chan struct{})}
	look := func() error {
		for _, c := range containers {
			if got, text := c.lookup(names); !slices.EqualFunc(got, want, slices.Equal) {
				return fmt.Errorf("%s knows %v as %v, want %v:\n%s", c.name, names, got, want, text)
			}
		}
		return nil
	}
	go func() {
		defer close(w.done)
		for w.err == nil {
			select {
			case <-stop:
				for _, c := range containers {
					start, file, err := c.identity()
					if err == nil && (start != c.start || file != c.file) {
						err = fmt.Errorf("%s is not the container that it was: its process began at %s, before at %s; the inode of its file is %d, before %d",
							c.name, start, c.start, file, c.file)
					}
					w.err = errors.Join(w.err, err)
				}
				return
			default:
				w.err = look()
				w.reads++
			}
		}
	}()
	return w, nil
}

// end ends the watch and returns how often it has read each file, and what was wrong.
func (w *watch) end() (reads int, err error) {
	w.stop()
	<-w.done
	return w.reads, w.err
}
