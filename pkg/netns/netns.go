// Package netns asks the kernel about a network namespace from inside it.
package netns

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"runtime"

	"golang.org/x/sys/unix"
)

// ErrNone is the error for what is not a namespace.
var ErrNone = errors.New("not a network namespace")

// Open opens the namespace at path: nothing is opened that is not on the file system of namespaces. The error is ErrNone or one of the
// file system. The caller closes the descriptor.
func Open(path string) (fd int, err error) {
	var fsType unix.Statfs_t
	if err := unix.Statfs(path, &fsType); err != nil {
		return -1, &fs.PathError{Op: "statfs", Path: path, Err: err}
	}
	if fsType.Type != unix.NSFS_MAGIC {
		return -1, &fs.PathError{Op: "open", Path: path, Err: ErrNone}
	}
	if fd, err = unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0); err != nil {
		return -1, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	return fd, nil
}

// Inside calls do in the network namespace that is open, on a thread that ends if it cannot go back to its own. It makes half the system
// calls of the package ns of CNI's plugins, since a container's start pays for each.
func Inside(netns int, do func() error) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread()
		own, err := unix.Open("/proc/thread-self/ns/net", unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err == nil {
			if err = unix.Setns(netns, unix.CLONE_NEWNET); err == nil {
				err = do()
				if unix.Setns(own, unix.CLONE_NEWNET) == nil {
					runtime.UnlockOSThread()
				}
			}
			_ = unix.Close(own)
		}
		done <- err
	}()
	return <-done
}

// Addresses returns the addresses in the network namespace at path with the names of the interfaces that have them, IPv4-mapped
// ones as IPv4. With an inode other than 0 a namespace that does not have this device and inode is an error.
func Addresses(path string, device, inode uint64) (map[netip.Addr][]string, error) {
	fd, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = unix.Close(fd) }()
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if inode != 0 && (st.Dev != device || st.Ino != inode) {
		return nil, fmt.Errorf("%s: another network namespace", path)
	}
	have := map[netip.Addr][]string{}
	err = Inside(fd, func() error {
		interfaces, err := net.Interfaces()
		if err != nil {
			return err
		}
		for _, iface := range interfaces {
			list, err := iface.Addrs()
			if err != nil {
				return err
			}
			for _, a := range list {
				if prefix, ok := a.(*net.IPNet); ok {
					if addr, ok := netip.AddrFromSlice(prefix.IP); ok {
						have[addr.Unmap()] = append(have[addr.Unmap()], iface.Name)
					}
				}
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return have, nil
}
