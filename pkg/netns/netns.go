// Package netns asks the kernel about a network namespace from inside it.
package netns

import (
	"fmt"
	"net"
	"net/netip"

	"github.com/containernetworking/plugins/pkg/ns"
	"golang.org/x/sys/unix"
)

// Addresses returns the addresses in the network namespace at path with the names of the interfaces that have them, IPv4-mapped
// ones as IPv4. With an inode other than 0 a namespace that does not have this device and inode is an error.
func Addresses(path string, device, inode uint64) (map[netip.Addr][]string, error) {
	target, err := ns.GetNS(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = target.Close() }()
	var st unix.Stat_t
	if err := unix.Fstat(int(target.Fd()), &st); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if inode != 0 && (st.Dev != device || st.Ino != inode) {
		return nil, fmt.Errorf("%s: another network namespace", path)
	}
	have := map[netip.Addr][]string{}
	err = target.Do(func(ns.NetNS) error {
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
