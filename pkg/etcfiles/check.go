package etcfiles

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/etcfiles/etcfiles/pkg/etchosts"
	"github.com/etcfiles/etcfiles/pkg/hostsstore"
	"github.com/etcfiles/etcfiles/pkg/netns"
	"github.com/etcfiles/etcfiles/pkg/parallel"
	"github.com/etcfiles/etcfiles/pkg/request"
	"github.com/etcfiles/etcfiles/pkg/roster"
	"github.com/etcfiles/etcfiles/pkg/safefile"
)

// Check compares the attachment's addresses in its network namespace, its record, and the files with what they should
// be, and returns the first difference as ErrDifferent. It writes nothing, and tolerates what the container's user did
// to the files and peers that came or went.
func (m *Manager) Check(ctx context.Context, r *request.Add) error {
	if err := r.Validate(); err != nil {
		return err
	}
	want, err := r.ListedAddresses()
	if err != nil {
		return err
	}
	n := m.Dir.Namespace(r.Namespace)
	if _, err := os.Stat(n.RecordsDir()); err != nil {
		return differ("the store has no namespace %s: %w", r.Namespace, err)
	}
	start := time.Now()
	unlock, err := n.Lock(ctx, m.LockTimeout)
	m.waited(start)
	if err != nil {
		return err
	}
	quiet, tell := m.quiet()
	defer tell()
	return errors.Join(quiet.compare(n, r, want), unlock())
}

func differ(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrDifferent}, args...)...)
}

func (m *Manager) compare(n *hostsstore.Namespace, r *request.Add, want []netip.Addr) error {
	record, err := n.ReadRecord(r.ContainerID)
	if errors.Is(err, ErrNewer) {
		return err
	}
	if err != nil || record.Etcfiles == nil {
		return differ("container %s has no record of ours: %w", r.ContainerID, err)
	}
	list := record.Etcfiles.Attachments
	i := r.In(list)
	if i < 0 {
		return differ("the record of container %s has no interface %s on network %s", r.ContainerID, r.IfName, r.Network)
	}
	for _, addr := range list[i].Addresses { // a later plugin may have added others, and libcni appends plugins
		if !slices.Contains(want, addr) {
			return differ("the record of container %s has addresses %v, and prevResult lacks %s", r.ContainerID, list[i].Addresses, addr)
		}
	}
	if err := checkInterface(r, list[i].Addresses); err != nil {
		return err
	}
	return m.checkFiles(n, record, &list[i])
}

// checkInterface asks the kernel for the addresses in the network namespace.
func checkInterface(r *request.Add, want []netip.Addr) error {
	have, err := netns.Addresses(r.Netns, 0, 0)
	if err != nil {
		return differ("network namespace %s of container %s: %w", r.Netns, r.ContainerID, err)
	}
	for _, addr := range want {
		name := r.InterfaceOf(addr)
		if len(have[addr]) == 0 || (name != "" && !slices.Contains(have[addr], name)) {
			return differ("interface %s of container %s does not have the address %s", cmp.Or(name, r.IfName), r.ContainerID, addr)
		}
	}
	return nil
}

func (m *Manager) checkFiles(n *hostsstore.Namespace, record *hostsstore.Record, a *hostsstore.Attachment) error {
	if err := safefile.CheckDir(filepath.Dir(n.HostnamePath(record.ID))); err != nil {
		return differ("%w", err)
	}
	for _, path := range []string{n.ResolvConfPath(record.ID), n.HostnamePath(record.ID)} {
		info, err := os.Lstat(path)
		if err != nil {
			return differ("%w", err)
		}
		if !info.Mode().IsRegular() {
			return differ("%s is not a regular file", path)
		}
	}
	hostname, err := safefile.Read(n.HostnamePath(record.ID), hostsstore.MaxResolvConf)
	if err != nil {
		return err
	}
	if string(hostname) != record.Hostname+"\n" {
		return differ("%s holds %q, the hostname is %q", n.HostnamePath(record.ID), hostname, record.Hostname)
	}
	// Peers whose network namespace is gone may be listed still, and need not be.
	all, living, err := recorded(n)
	if err != nil {
		return err
	}
	if living.Containers[record.ID] == nil {
		return differ("the record of container %s is of an earlier boot", record.ID)
	}
	remote := n.Remotes(all.BootID, nil).Of
	if err := m.checkHosts(n.HostsPath(record.ID), all, living, remote, record.ID, ""); err != nil {
		return err
	}
	return m.checkHosts(n.NetworkPath(a.Network), all, living, remote, "", a.Network)
}

// checkHosts compares the entries of the hosts file of a container, or of a network, with what the records, and other hosts, want.
func (m *Manager) checkHosts(path string, all, living *hostsstore.Index, remote roster.Remote, id, network string) error {
	have, userNames, err := m.content(path, roster.BoundsOf(all, remote, id, network))
	if err != nil {
		return err
	}
	blocks := func(ix *hostsstore.Index) []string {
		v := &roster.Viewer{Network: network}
		if c := ix.Containers[id]; c != nil {
			c.UserNames = userNames
			v = &roster.Viewer{Container: c}
		}
		return roster.MembersOf(ix, remote).Blocks(v)
	}
	if err := missing(have, blocks(living), path); err != nil {
		return err
	}
	for _, b := range blocks(all) {
		for line := range strings.Lines(b) {
			delete(have, line)
		}
	}
	for _, line := range slices.Sorted(maps.Keys(have)) {
		return differ("%s has the line %q, which belongs to no container", path, strings.TrimSpace(line))
	}
	return nil
}

// content returns the lines of our regions in a hosts file, and the names in the other lines.
func (m *Manager) content(path string, b etchosts.Bounds) (map[string]bool, []string, error) {
	if err := safefile.CheckDir(filepath.Dir(path)); err != nil {
		return nil, nil, differ("%w", err)
	}
	f, err := etchosts.OpenRead(path, m.Marker)
	if errors.Is(err, fs.ErrNotExist) || obstructed(err) {
		return nil, nil, differ("%w", err)
	}
	if err != nil {
		return nil, nil, err
	}
	list, userNames, err := f.Content(b)
	if obstructed(err) {
		err = differ("%w", err)
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, nil, err
	}
	lines := map[string]bool{}
	for _, line := range list {
		if lines[line] {
			return nil, nil, differ("%s has the line %q twice", path, strings.TrimSpace(line))
		}
		lines[line] = true
	}
	return lines, userNames, nil
}

func missing(have map[string]bool, want []string, path string) error {
	for _, b := range want {
		for line := range strings.Lines(b) {
			if !have[line] {
				return differ("%s lacks the line %q", path, strings.TrimSpace(line))
			}
		}
	}
	return nil
}

// recorded returns what an index would hold of the records of this boot: of all, and of those whose network namespace is not
// known to be gone.
func recorded(n *hostsstore.Namespace) (all, living *hostsstore.Index, err error) {
	bootID, err := hostsstore.BootID()
	if err != nil {
		return nil, nil, err
	}
	ids, err := n.IDs()
	if err != nil {
		return nil, nil, err
	}
	records, errs := n.ReadRecords(ids)
	mntns := hostsstore.MountNamespace()
	gone := make([]bool, len(records))
	parallel.Do(len(records), func(i int) {
		gone[i] = records[i] != nil && records[i].Etcfiles != nil && records[i].Etcfiles.Netns.Gone(mntns)
	})
	all, living = hostsstore.NewIndex(bootID), hostsstore.NewIndex(bootID)
	for i, r := range records {
		if errors.Is(errs[i], ErrNewer) {
			return nil, nil, errs[i]
		}
		if errs[i] != nil || (r.Etcfiles != nil && r.Etcfiles.BootID != bootID) {
			continue
		}
		c, _ := roster.ContainerOf(r)
		all.Containers[r.ID] = c
		if !gone[i] {
			living.Containers[r.ID] = c
		}
	}
	return all, living, nil
}
