package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"syscall"
	"time"
)

var sequence = regexp.MustCompile(`"Sequence":[0-9]+,`)

// pattern is the container of whose record those of the others are made.
const pattern = container(maxContainers - 1)

// fill makes a store of n containers on each of the networks as a node has it after a loss of its index: records, and no file
// yet. To add so many one after the other would take the better part of an hour.
func (p *plugin) fill(ctx context.Context, networks []string, n int) error {
	k := 0
	for _, name := range networks {
		on := *p
		on.network = name
		if _, err := on.run(ctx, "ADD", pattern); err != nil {
			return err
		}
		record, err := os.ReadFile(p.record(pattern))
		if err != nil {
			return err
		}
		netns, err := os.ReadFile(p.netnsFile(pattern))
		if err != nil {
			return err
		}
		if _, err := on.run(ctx, "DEL", pattern); err != nil {
			return err
		}
		for range n {
			k++
			if err := p.clone(record, netns, container(k)); err != nil {
				return err
			}
		}
	}
	return p.dropIndex()
}

// clone writes the record of a container, which is like the pattern's, and what stands beside it.
func (p *plugin) clone(record, netns []byte, c container) error {
	text := sequence.ReplaceAll(record, fmt.Appendf(nil, `"Sequence":%d,`, c))
	for _, of := range []func(container) string{
		container.id, container.name, container.hostname, func(c container) string { return c.address().String() },
	} {
		if !bytes.Contains(text, []byte(of(pattern))) {
			return fmt.Errorf("the record of container %s has no %s", pattern.id(), of(pattern))
		}
		text = bytes.ReplaceAll(text, []byte(of(pattern)), []byte(of(c)))
	}
	if err := os.MkdirAll(filepath.Dir(p.record(c)), 0o700); err != nil {
		return err
	}
	if err := writeFile(p.netnsFile(c), netns, 0o644); err != nil {
		return err
	}
	return writeFile(p.record(c), text, 0o600)
}

func (p *plugin) record(c container) string {
	return filepath.Join(filepath.Dir(p.hosts(c)), "meta.json")
}

func (p *plugin) netnsFile(c container) string {
	return filepath.Join(filepath.Dir(p.hosts(c)), "netns")
}

func (p *plugin) index() string { return filepath.Join(p.dataDir, "index", namespace) }

func (p *plugin) dropIndex() error { return os.RemoveAll(p.index()) }

// indexSize returns how many bytes the index takes.
func (p *plugin) indexSize() (size int64, err error) {
	err = filepath.WalkDir(p.index(), func(_ string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		info, err := e.Info()
		if err == nil {
			size += info.Size()
		}
		return err
	})
	return size, err
}

// cost is what a process took.
type cost struct {
	wall   time.Duration // from fork to exit
	cpu    time.Duration
	memory int64 // bytes, at most at one time
}

// admin runs an admin command on the store.
func (p *plugin) admin(ctx context.Context, args ...string) (cost, error) {
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, p.path, append(args, "--data-dir", p.dataDir)...)
	cmd.Stdout, cmd.Stderr = &out, &out
	start := time.Now()
	if err := cmd.Run(); err != nil {
		return cost{}, fmt.Errorf("etcfiles %s: %w: %s", args[0], errors.Join(ctx.Err(), err), &out)
	}
	return costOf(cmd.ProcessState, time.Since(start)), nil
}

func costOf(s *os.ProcessState, wall time.Duration) cost {
	c := cost{wall: wall, cpu: s.UserTime() + s.SystemTime()}
	if usage, ok := s.SysUsage().(*syscall.Rusage); ok {
		c.memory = usage.Maxrss << 10
	}
	return c
}
