package etcfiles

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"slices"
	"strings"

	"github.com/containernetworking/plugins/pkg/ns"
	"github.com/vishvananda/netlink"

	"github.com/etcfiles/etcfiles/pkg/etchosts"
	"github.com/etcfiles/etcfiles/pkg/hostsstore"
)

// Check compares the attachment's addresses in its network namespace, its record, and the files with what they should
// be, and returns the first difference as ErrDifferent. It writes nothing, and tolerates what the container's user did
// to the files and peers that came or went.
func (m *Manager) Check(ctx context.Context, r *Request) error {
	if err := r.validate(); err != nil {
		return err
	}
	want, err := r.addresses()
	if err != nil {
		return err
	}
	n := m.Dir.Namespace(r.Namespace)
	if _, err := os.Stat(n.RecordsDir()); err != nil {
		return differ("the store has no namespace %s: %w", r.Namespace, err)
	}
	unlock, err := n.Lock(ctx, m.LockTimeout)
	if err != nil {
		return err
	}
	return errors.Join(m.compare(n, r, want), unlock())
}

func differ(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrDifferent}, args...)...)
}

func (m *Manager) compare(n *hostsstore.Namespace, r *Request, want []netip.Addr) error {
	record, err := n.ReadRecord(r.ContainerID)
	if err != nil || record.Etcfiles == nil {
		return differ("container %s has no record of ours: %w", r.ContainerID, err)
	}
	list := record.Etcfiles.Attachments
	i := slices.IndexFunc(list, func(a hostsstore.Attachment) bool { return a.IfName == r.IfName && a.Network == r.Network })
	if i < 0 {
		return differ("the record of container %s has no interface %s on network %s", r.ContainerID, r.IfName, r.Network)
	}
	if !slices.Equal(list[i].Addresses, want) {
		return differ("the record of container %s has addresses %v, prevResult has %v", r.ContainerID, list[i].Addresses, want)
	}
	if err := checkInterface(r, want); err != nil {
		return err
	}
	return m.checkFiles(n, record, &list[i])
}

// checkInterface asks the kernel for the addresses in the network namespace.
func checkInterface(r *Request, want []netip.Addr) error {
	var have []netip.Addr
	err := ns.WithNetNSPath(r.Netns, func(ns.NetNS) error {
		list, err := netlink.AddrList(nil, netlink.FAMILY_ALL)
		for _, a := range list {
			if addr, ok := netip.AddrFromSlice(a.IP); ok {
				have = append(have, addr.Unmap())
			}
		}
		return err
	})
	if err != nil {
		return differ("network namespace %s of container %s: %w", r.Netns, r.ContainerID, err)
	}
	for _, addr := range want {
		if !slices.Contains(have, addr) {
			return differ("no interface of container %s has address %s any more", r.ContainerID, addr)
		}
	}
	return nil
}

func (m *Manager) checkFiles(n *hostsstore.Namespace, record *hostsstore.Record, a *hostsstore.Attachment) error {
	for _, path := range []string{n.ResolvConfPath(record.ID), n.HostnamePath(record.ID)} {
		info, err := os.Lstat(path)
		if err != nil {
			return differ("%w", err)
		}
		if !info.Mode().IsRegular() {
			return differ("%s is no regular file", path)
		}
	}
	ix := m.records(n)
	c := ix.Containers[record.ID]
	if c == nil {
		return differ("the record of container %s is of an earlier boot", record.ID)
	}
	all := membersOf(ix)
	content, userNames, err := m.content(n.HostsPath(record.ID))
	if err != nil {
		return err
	}
	c.UserNames = userNames
	if err := missing(content, all.blocks(newViewer(c)), n.HostsPath(record.ID)); err != nil {
		return err
	}
	path := n.NetworkPath(a.Network)
	if content, _, err = m.content(path); err != nil {
		return err
	}
	return missing(content, all.blocks(&viewer{network: a.Network}), path)
}

// content returns the lines of our regions in a hosts file, and the names in the other lines.
func (m *Manager) content(path string) (map[string]bool, []string, error) {
	f, err := etchosts.OpenRead(path, m.Marker)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, etchosts.ErrNotRegular) {
		return nil, nil, differ("%w", err)
	}
	if err != nil {
		return nil, nil, err
	}
	data, err := f.Content()
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, nil, err
	}
	lines := map[string]bool{}
	for _, line := range etchosts.Lines(m.Marker, data) {
		lines[line] = true
	}
	return lines, etchosts.UserNames(m.Marker, data), nil
}

func missing(have map[string]bool, want []block, path string) error {
	for _, b := range want {
		for line := range strings.Lines(b.text) {
			if !have[line] {
				return differ("%s lacks the line %q", path, strings.TrimSpace(line))
			}
		}
	}
	return nil
}

// records reads the records of this boot into an index, without touching anything.
func (m *Manager) records(n *hostsstore.Namespace) *hostsstore.Index {
	bootID, _ := hostsstore.BootID()
	s := &session{Manager: m, ns: n, ix: hostsstore.NewIndex(bootID)}
	ids, _ := n.IDs()
	mntns := mountNamespace()
	for _, id := range ids {
		r, err := n.ReadRecord(id)
		if err != nil || (r.Etcfiles != nil && r.Etcfiles.BootID != bootID) {
			continue
		}
		if c := s.adopt(r); !gone(c.Netns, mntns) {
			s.ix.Containers[id] = c
		}
	}
	return s.ix
}
