package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// lineLength is the length of the line that the floor appends.
const lineLength = 60

// floor is N files of N lines in N directories, to which nothing is done but the writing itself.
type floor struct {
	paths []string
	size  int64
}

func newFloor(dir string, n int) (*floor, error) {
	var text strings.Builder
	for _, c := range everyone(n) {
		text.WriteString(c.line())
	}
	f := &floor{size: int64(text.Len())}
	for _, c := range everyone(n) {
		path := filepath.Join(dir, c.id(), "hosts")
		if err := writeFile(path, []byte(text.String()), 0o644); err != nil {
			return nil, err
		}
		f.paths = append(f.paths, path)
	}
	return f, nil
}

// run opens every file, appends one line, closes it. It uses the bare system calls, which is less than an os.File does.
func (f *floor) run() (time.Duration, error) {
	line := []byte(strings.Repeat("x", lineLength-1) + "\n")
	start := time.Now()
	for _, path := range f.paths {
		if err := appendTo(path, line); err != nil {
			return 0, fmt.Errorf("floor: %s: %w", path, err)
		}
	}
	took := time.Since(start)
	f.size += lineLength
	return took, f.check()
}

// check finds out whether every file really grew.
func (f *floor) check() error {
	for _, path := range f.paths {
		info, err := os.Stat(path)
		if err != nil {
			return err
		}
		if info.Size() != f.size {
			return fmt.Errorf("floor: %s has %d bytes, expected %d", path, info.Size(), f.size)
		}
	}
	return nil
}

func appendTo(path string, line []byte) error {
	fd, err := unix.Open(path, unix.O_WRONLY|unix.O_APPEND|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	if _, err := unix.Write(fd, line); err != nil {
		_ = unix.Close(fd)
		return err
	}
	return unix.Close(fd)
}

// writeFile writes a file and the directories above it.
func writeFile(path string, data []byte, mode os.FileMode) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, data, mode)
}
