package oci

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/etcfiles/etcfiles/integration/internal/worlds"
)

// victims are the programs that are killed and stopped: ours, the runtimes and cnitool. bridge leaves rules behind when it is
// killed, and so may the other plugins that are not ours.
var victims = []string{"etcfiles", "oci-cni-hook", "etcfiles-mount", "runc", "crun", "cnitool"}

// workers are all programs that work for a while and end.
var workers = append([]string{"bridge", "host-local", "portmap", "firewall", "iptables", "ip6tables"}, victims...)

// process is one that does not become another when its number is given to a new one.
type process struct{ dir *os.File }

func (p process) signal(s unix.Signal) { _ = unix.PidfdSendSignal(int(p.dir.Fd()), s, nil, 0) } // it may have ended

// processes returns the processes of the world that a filter takes, by their command line and their cgroup. The caller closes
// them.
func (c *chaos) processes(take func(program, cgroup string) bool) []process {
	found, _ := filepath.Glob(c.Inside("/proc/[0-9]*")) // of a world that has ended, none
	var list []process
	for _, path := range found {
		if filepath.Base(path) == "1" {
			continue
		}
		dir, err := os.Open(path)
		if err != nil {
			continue
		}
		cmdline, _ := os.ReadFile(filepath.Join(path, "cmdline"))
		cgroup, _ := os.ReadFile(filepath.Join(path, "cgroup"))
		program, _, _ := bytes.Cut(cmdline, []byte{0})
		if !take(filepath.Base(string(program)), string(cgroup)) {
			dir.Close()
			continue
		}
		list = append(list, process{dir})
	}
	return list
}

func closeAll(list []process) {
	for _, p := range list {
		p.dir.Close()
	}
}

func programIn(programs []string) func(program, cgroup string) bool {
	return func(program, _ string) bool { return slices.Contains(programs, program) }
}

// disturb kills and stops processes, one now and then.
func (c *chaos) disturb(rng *rand.Rand) error {
	for !c.over.Load() {
		time.Sleep(time.Duration(rng.Int64N(int64(150 * time.Millisecond))))
		want := victims[rng.IntN(len(victims))] // one of the short-lived ones as often as one of the others
		if rng.IntN(2) == 0 {
			if p, hit := c.hit(want, unix.SIGKILL, rng); hit {
				p.dir.Close()
				c.tally.killed.Add(1)
			}
		} else if p, hit := c.hit(want, unix.SIGSTOP, rng); hit {
			time.Sleep(time.Duration(rng.Int64N(int64(200 * time.Millisecond))))
			p.signal(unix.SIGCONT)
			p.dir.Close()
			c.tally.stopped.Add(1)
		}
	}
	return nil
}

// hit signals one process of a program, which the caller closes. A process of a runtime becomes that of a container, and may do so
// between the look at it and the signal: see missed.
func (c *chaos) hit(program string, s unix.Signal, rng *rand.Rand) (hit process, ok bool) {
	c.aiming.Lock()
	defer c.aiming.Unlock()
	list := c.processes(programIn([]string{program}))
	if len(list) == 0 {
		return process{}, false
	}
	i := rng.IntN(len(list))
	hit = list[i]
	hit.signal(s)
	closeAll(slices.Delete(list, i, i+1))
	return hit, true
}

// missed returns when no signal is on its way any more that is meant for what a process was before.
func (c *chaos) missed() {
	c.aiming.Lock()
	defer c.aiming.Unlock()
}

// goOn lets those go on again, until it is over, who have stopped themselves since their child was: so does nsenter(1).
func goOn(over <-chan struct{}) error {
	for {
		select {
		case <-over:
			return nil
		case <-time.After(20 * time.Millisecond):
		}
		lists, err := filepath.Glob("/proc/self/task/*/children")
		if err != nil {
			return err
		}
		for _, path := range lists {
			children, _ := os.ReadFile(path) // the thread may have ended
			for _, word := range strings.Fields(string(children)) {
				if pid, err := strconv.Atoi(word); err == nil {
					_ = unix.Kill(pid, unix.SIGCONT) // a child of ours, or one that has just ended
				}
			}
		}
	}
}

// idlePrograms waits until no program is at work.
func (c *chaos) idlePrograms() error {
	return worlds.Poll("programs are at work for ever", func() bool {
		list := c.processes(programIn(workers))
		closeAll(list)
		return len(list) == 0
	})
}

// killLeft kills the processes of a container that its runtime may have forgotten.
func (c *chaos) killLeft(of container) {
	list := c.processes(func(_, cgroup string) bool {
		return slices.ContainsFunc(strings.Fields(cgroup), func(l string) bool { return strings.HasSuffix(l, c.Cgroup+"/"+of.cniID()) })
	})
	for _, p := range list {
		p.signal(unix.SIGKILL)
	}
	closeAll(list)
}
