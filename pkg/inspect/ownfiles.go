package inspect

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/etcfiles/etcfiles/pkg/etchosts"
	"github.com/etcfiles/etcfiles/pkg/hostsstore"
	"github.com/etcfiles/etcfiles/pkg/roster"
	"github.com/etcfiles/etcfiles/pkg/safefile"
	"github.com/etcfiles/etcfiles/pkg/sandbox"
)

// HostsState is a container's hosts file as it stands.
type HostsState struct {
	etchosts.Survey
	Path    string
	Size    int64
	Trouble string // why etcfiles leaves it alone or cannot use it; "" if it can

	marker etchosts.Marker
}

// Hosts reads the hosts file of a container, within its bounds, without changing anything. peers are the containers of its
// namespace.
func (m *Inspector) Hosts(c *Inspected, peers []*Inspected) HostsState {
	remotes := m.Dir.Namespace(c.Namespace).Remotes(thisBoot(), nil)
	bounds := roster.BoundsOf(indexOf(InNamespace(peers, c.Namespace)), remotes.Of, c.Record.ID, "")
	h := HostsState{Path: m.Dir.Namespace(c.Namespace).HostsPath(c.Record.ID)}
	marked, err := m.ForNamespace(m.Dir.Namespace(c.Namespace))
	if err != nil {
		h.Trouble = err.Error()
		return h
	}
	h.marker = marked.Marker
	data, err := safefile.Read(h.Path, bounds.Bytes+1)
	h.Size = int64(len(data))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		h.Trouble = "it is missing"
		return h
	case err != nil:
		h.Trouble = fmt.Sprintf("it cannot be read: %v", err)
		return h
	}
	if info, err := os.Lstat(h.Path); err == nil {
		h.Size = info.Size()
	}
	h.Survey = etchosts.Examine(h.marker, string(data))
	_, namesErr := etchosts.UserNames(h.marker, string(data), bounds)
	immutable, _ := safefile.Immutable(h.Path)
	switch {
	case int64(len(data)) > bounds.Bytes, namesErr != nil:
		h.Trouble = "it is too large: etcfiles leaves it alone"
	case unix.Access(h.Path, unix.W_OK) != nil, immutable:
		h.Trouble = "it cannot be written: it is immutable or its file system is read-only"
	case h.Regions == 0:
		h.Trouble = "it has no region between markers of etcfiles: somebody has removed it"
	}
	return h
}

// ResolvConfState is a container's resolv.conf as it stands.
type ResolvConfState struct {
	Path      string
	Content   []byte // at most 1 MiB
	Inherited bool   // something in it came from the host
	Edited    bool   // it is no longer what etcfiles wrote
	Trouble   string // why it cannot be read; "" if it can
}

// ResolvConf reads the resolv.conf of a container.
func (m *Inspector) ResolvConf(c *Inspected) ResolvConfState {
	r := ResolvConfState{Path: m.Dir.Namespace(c.Namespace).ResolvConfPath(c.Record.ID)}
	var err error
	r.Content, err = safefile.Read(r.Path, hostsstore.MaxResolvConf)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		r.Trouble = "it is missing"
	case err != nil:
		r.Trouble = err.Error()
	case c.Record.Etcfiles != nil:
		was := &c.Record.Etcfiles.ResolvConf
		r.Inherited, r.Edited = was.Inherited, !was.Wrote(r.Content)
	}
	return r
}

// hostsPath is where processes look for the hosts file, see hosts(5).
const hostsPath = "/etc/hosts"

// Sight is what the processes of one mount namespace of a container see.
type Sight struct {
	PID      int
	Command  string
	Mounted  bool     // their /etc/hosts is the container's hosts file in the store
	Trouble  string   // why it is not; "" if it is
	Services []string // of the line hosts in /etc/nsswitch.conf, see nsswitch.conf(5); nil if it has no such line
	NoFiles  bool     // that line lacks files: glibc reads no /etc/hosts

	root    *sandbox.Root
	hangs   bool // it did not answer in time
	hostDir bool // they have the root directory of the host
}

// maxHosts is how much of an /etc/hosts that is not of the store is read, in bytes.
const maxHosts = 4 << 20

// hosts returns what /etc/hosts holds for these processes, at most 4 MiB.
func (s *Sight) hosts() ([]byte, error) {
	if s.hangs {
		return nil, fmt.Errorf("%s: %w", hostsPath, sandbox.ErrTimeout)
	}
	ctx, cancel := context.WithTimeout(context.Background(), sandbox.Patience)
	defer cancel()
	return s.root.Read(ctx, hostsPath, maxHosts)
}

// Sights looks at the running processes of containers, at all of them at once: for each container one Sight for each mount
// namespace in its network namespace, but not for the one of this process, whose are the tools of the host, nor for that of a pod's
// pause container, which nothing is mounted into. There is none if nobody can be seen there. done is to be called when they are no
// longer needed.
func (m *Inspector) Sights(list ...*Inspected) (sights [][]*Sight, done func(), err error) {
	found, err := sandbox.Roots(netnsOf(list)...)
	if err != nil {
		return nil, nil, err
	}
	done = func() {
		for _, roots := range found {
			for _, r := range roots {
				r.Close()
			}
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), sandbox.Patience)
	defer cancel()
	sights = make([][]*Sight, len(list))
	var wg sync.WaitGroup
	for n, c := range list {
		var ours unix.Stat_t
		err := unix.Lstat(m.Dir.Namespace(c.Namespace).HostsPath(c.Record.ID), &ours)
		for _, r := range found[c.netns()] {
			if r.Host || c.pauses(r) {
				continue
			}
			s := &Sight{PID: r.PID, Command: r.Command, hostDir: r.HostDir, root: r}
			sights[n] = append(sights[n], s)
			wg.Go(func() { s.look(ctx, ours, err == nil) })
		}
	}
	wg.Wait()
	return sights, done, nil
}

// netns returns the network namespace that the container has in this boot, zero if that is not known.
func (i *Inspected) netns() sandbox.Namespace {
	if d := i.Record.Etcfiles; d != nil && i.State != NetnsEarlierBoot && d.Netns.Inode != 0 {
		return namespaceOf(d.Netns)
	}
	return sandbox.Namespace{}
}

func namespaceOf(n hostsstore.Netns) sandbox.Namespace {
	return sandbox.Namespace{Device: n.Device, Inode: n.Inode}
}

// netnsOf returns the network namespaces that are known.
func netnsOf(list []*Inspected) []sandbox.Namespace {
	var out []sandbox.Namespace
	for _, c := range list {
		if id := c.netns(); id.Inode != 0 {
			out = append(out, id)
		}
	}
	return out
}

// pauses reports whether a process with the root holds the namespaces of a pod and does nothing else. The ID of a pod is that of
// its sandbox, and so is the name of that one's cgroup: <ID>, cri-containerd-<ID>.scope or crio-<ID>.scope.
func (i *Inspected) pauses(r *sandbox.Root) bool {
	d := i.Record.Etcfiles
	return d != nil && d.KubernetesNamespace != "" && strings.Contains(r.Cgroups, i.Record.ID)
}

// look compares /etc/hosts with the file of the store, if that is there, and reads nsswitch.conf.
func (s *Sight) look(ctx context.Context, ours unix.Stat_t, exists bool) {
	theirs, err := s.root.Stat(ctx, hostsPath)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		s.Trouble = "it has no " + hostsPath
	case err != nil:
		s.Trouble, s.hangs = err.Error(), errors.Is(err, sandbox.ErrTimeout)
	case !exists || theirs.Dev != ours.Dev || theirs.Ino != ours.Ino:
		s.Trouble = "its " + hostsPath + " is another file"
	default:
		s.Mounted = true
	}
	if data, err := s.root.Read(ctx, "/etc/nsswitch.conf", hostsstore.MaxResolvConf); err == nil {
		if services, ok := sandbox.Databases(data, "hosts"); ok {
			s.Services, s.NoFiles = services, !holdsName(services, "files")
		}
	}
}

// InNamespace returns the containers of one namespace, or all for "".
func InNamespace(list []*Inspected, namespace string) []*Inspected {
	var out []*Inspected
	for _, i := range list {
		if namespace == "" || i.Namespace == namespace {
			out = append(out, i)
		}
	}
	return out
}
