package ocihook

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/containernetworking/cni/libcni"
	"github.com/containernetworking/cni/pkg/invoke"
	"golang.org/x/sys/unix"

	"github.com/etcfiles/etcfiles/pkg/ocistate"
)

// lockTimeout is how long a hook waits for another of the same container, or for a plugin of a killed one.
const lockTimeout = 30 * time.Second

// Hook runs CNI chains for containers. All paths are absolute.
type Hook struct {
	ConfDir  string   // conflists, normally /etc/cni/net.d
	BinDirs  []string // plugins, normally /opt/cni/bin
	CacheDir string   // results of libcni, normally /var/lib/cni
	RunDir   string   // pins and records, normally /run/etcfiles
	Networks []string // of a container without the annotation etcfiles/networks; if empty, the first conflist's
	Allow    Allow    // annotations that count
	// ChainTimeout is how long the ADD, or the DEL, of a network may take before its plugin is killed; 0 for ever.
	ChainTimeout time.Duration
	// Command is how the program is called for the same directories, for messages.
	Command string
}

func (h *Hook) pinPath(cniID string) string   { return filepath.Join(h.RunDir, "netns", cniID) }
func (h *Hook) recordDir(cniID string) string { return filepath.Join(h.RunDir, "containers", cniID) }

// cni returns what runs the plugins for an attachment of a container.
func (h *Hook) cni(r *record, a *attachment, cacheDir string) *libcni.CNIConfig {
	exec := &recordingExec{dir: h.recordDir(r.ContainerID), record: r, attachment: a}
	return libcni.NewCNIConfigWithCacheDir(h.BinDirs, cacheDir, exec)
}

// cached returns what libcni has kept of a container that is ours, or of all that are if the ID is empty.
func (h *Hook) cached(cniID string) ([]*libcni.NetworkAttachment, error) {
	all, err := libcni.NewCNIConfigWithCacheDir(h.BinDirs, h.CacheDir, nil).GetCachedAttachments(cniID)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return slices.DeleteFunc(all, func(c *libcni.NetworkAttachment) bool { return c.NetNS != h.pinPath(c.ContainerID) }), nil
}

// CreateRuntime attaches the container to its networks, as eth0, eth1 and so on, without those names that its network
// namespace has already. It refuses a container that runs, and one whose ID another has that lives. It does nothing for a
// container whose network namespace is the one it runs in itself. One whose network namespace another container of the hook
// has shares what is there. After a failure nothing is left of what it did; the error names the network and has the plugin's own words.
func (h *Hook) CreateRuntime(ctx context.Context, c *ocistate.Container) (err error) {
	if err := ocistate.BeingCreated(&c.State); err != nil {
		return err
	}
	path, err := h.netnsPath(c)
	if err != nil {
		return err
	}
	ns, id, err := openNetns(path)
	if err != nil {
		return err
	}
	defer ns.Close()
	own, err := netnsAt("/proc/self/ns/net")
	if err != nil || id == own {
		return err
	}
	claim, err := takeClaim(ctx, h.recordDir(c.CNIID()), lockTimeout)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, claim.release()) }()
	left, err := h.left(c.CNIID())
	if err != nil {
		return err
	}
	if left != nil {
		if err := h.refuse(left, c, id); err != nil {
			return err
		}
		if left.adopts(c, id) {
			left.Ended, left.Process = false, processOf(c.Pid)
			return left.write(claim.dir)
		}
		if err := h.detach(ctx, left); err != nil {
			return fmt.Errorf("container %s: what an earlier one of this ID left: %w", c.ID, err)
		}
	}
	place, err := h.share(ctx, c, id)
	if err != nil || place == nil {
		return err
	}
	defer func() { err = errors.Join(err, place.release()) }()
	r, err := h.plan(c, ns, id)
	if err != nil {
		return err
	}
	if err := h.enter(ctx, r, claim.dir); err != nil {
		return err
	}
	if err = pin(ns, h.pinPath(r.ContainerID)); err == nil {
		if err = place.release(); err == nil { // from now on the pin says whose it is
			err = h.attach(ctx, r)
		}
	}
	if err != nil {
		if undo := h.detach(ctx, r); undo != nil {
			err = fmt.Errorf("%w; undoing it: %w", err, undo)
		}
		r.steadyBridges()
	}
	return err
}

// Poststop detaches the container from its networks, in reverse order, with the configuration and the arguments of its
// ADD, unless others share them: then the last of those does. What is already gone is no error. What could not be freed is, and is kept for GC. It is one, too, if the state's
// process lives; of a container that is another's of the same ID, or was refused for its sake, there is nothing to detach.
func (h *Hook) Poststop(ctx context.Context, c *ocistate.Container) (err error) {
	claim, err := takeClaim(ctx, h.recordDir(c.CNIID()), lockTimeout)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, claim.release()) }()
	left, err := h.left(c.CNIID())
	if err != nil {
		return err
	}
	if err := stillLives(c, left); err != nil {
		return err
	}
	if left == nil || !left.of(c.Bundle) {
		return h.leave(ctx, c)
	}
	if left.processLives() {
		// It is the end of another one of this ID and bundle, which createRuntime has refused or has never seen.
		left.Refused = max(0, left.Refused-1)
		return left.write(claim.dir)
	}
	if left.liveUser() != nil {
		left.Ended = true
		return left.write(claim.dir)
	}
	return h.detach(ctx, left)
}

// plan returns the record of what will be done for a container.
func (h *Hook) plan(c *ocistate.Container, ns *os.File, id netns) (*record, error) {
	if err := h.refuseAnnotations(c); err != nil {
		return nil, err
	}
	names, err := h.networkNames(c)
	if err != nil {
		return nil, err
	}
	networks, err := loadNetworks(h.ConfDir, names)
	if err != nil {
		return nil, err
	}
	if err := h.installed(networks); err != nil {
		return nil, err
	}
	args, err := capabilityArgs(c, networks)
	if err != nil {
		return nil, err
	}
	extra, err := cniArgs(c.Annotations)
	if err != nil {
		return nil, err
	}
	pids, err := pidNamespace()
	if err != nil {
		return nil, err
	}
	r := &record{ContainerID: c.CNIID(), Netns: id, Process: processOf(c.Pid), PIDNamespace: pids}
	r.setBundle(c.Bundle)
	ifNames, err := freeNames(ns, len(networks))
	if err != nil {
		return nil, err
	}
	for i, n := range networks {
		a := newAttachment(n, ifNames[i], args[i], extra)
		a.setRan(0)
		r.Attachments = append(r.Attachments, a)
	}
	return r, nil
}

// installed checks that all plugins are there and can be run: another could not be asked to undo anything either.
func (h *Hook) installed(networks []*libcni.NetworkConfigList) error {
	for _, n := range networks {
		for _, p := range n.Plugins {
			for _, program := range []string{p.Network.Type, p.Network.IPAM.Type} {
				if program == "" {
					continue
				}
				path, err := invoke.FindInPath(program, h.BinDirs)
				if err != nil {
					return fmt.Errorf("network %s: plugin %s: %w: install it there, or name its directory with --bin-dir", n.Name, program, err)
				}
				if err := unix.Access(path, unix.X_OK); err != nil {
					return fmt.Errorf("network %s: plugin %s: %s cannot be executed: %w: chmod 755 it, or install it again", n.Name, program, path, err)
				}
			}
		}
	}
	return nil
}

// attach runs ADD of each network in order.
func (h *Hook) attach(ctx context.Context, r *record) error {
	for i := range r.Attachments {
		a := &r.Attachments[i]
		if err := h.add(ctx, r, a); err != nil {
			return fmt.Errorf("network %s: %w", a.Network, err)
		}
	}
	return nil
}

func (h *Hook) add(ctx context.Context, r *record, a *attachment) error {
	list, err := a.list()
	if err != nil {
		return err
	}
	ctx, cancel := h.limit(ctx)
	defer cancel()
	_, err = h.cni(r, a, h.CacheDir).AddNetworkList(ctx, list, h.runtimeConf(r, a, h.pinPath(r.ContainerID)))
	return err
}

func (h *Hook) runtimeConf(r *record, a *attachment, netns string) *libcni.RuntimeConf {
	return &libcni.RuntimeConf{ContainerID: r.ContainerID, NetNS: netns, IfName: a.IfName, CapabilityArgs: a.CapabilityArgs, Args: a.Args}
}

// pinned returns the CNI ID of the container that has the network namespace, "" if there is none.
func (h *Hook) pinned(id netns) (string, error) {
	pins, err := os.ReadDir(filepath.Dir(h.pinPath("x")))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", err
	}
	for _, p := range pins {
		if other, err := statNetns(h.pinPath(p.Name())); err == nil && other == id {
			return p.Name(), nil
		}
	}
	return "", nil
}
