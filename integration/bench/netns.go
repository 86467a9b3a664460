package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"golang.org/x/sys/unix"
)

// newNetns makes a network namespace and pins it in dir. run.sh starts the bench in a mount namespace of its own, so
// that the pin, and with it the network namespace, is gone when the bench ends, however it ends.
func newNetns(dir string) (string, error) {
	path := filepath.Join(dir, "netns")
	if err := os.WriteFile(path, nil, 0o644); err != nil {
		return "", err
	}
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
		done <- pinNewNetns(path)
	}()
	if err := <-done; err != nil {
		return "", fmt.Errorf("network namespace (this needs root): %w", err)
	}
	return path, nil
}

func pinNewNetns(path string) error {
	var before, after unix.Stat_t
	if err := unix.Stat("/proc/thread-self/ns/net", &before); err != nil {
		return err
	}
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		return fmt.Errorf("unshare: %w", err)
	}
	if err := unix.Mount("/proc/thread-self/ns/net", path, "", unix.MS_BIND, ""); err != nil {
		return fmt.Errorf("bind mount: %w", err)
	}
	if err := unix.Stat(path, &after); err != nil {
		return err
	}
	if before.Dev == after.Dev && before.Ino == after.Ino {
		return fmt.Errorf("%s is the namespace of the bench itself", path)
	}
	return nil
}
