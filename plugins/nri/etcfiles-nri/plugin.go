package main

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/containerd/nri/pkg/api"

	"github.com/etcfiles/etcfiles/pkg/ocimount"
)

// plugin adjusts containers as they are created.
type plugin struct {
	settings
	refused error // what is wrong with the settings
}

// settings are what the administrator gives, as JSON.
type settings struct {
	DataDir   string `json:"dataDir"`
	Namespace string `json:"namespace"`
}

func newPlugin() *plugin {
	return &plugin{settings: settings{DataDir: "/var/lib/etcfiles", Namespace: ocimount.PodNamespace}}
}

// Configure takes the settings. It subscribes to nothing beyond what the plugin implements. If the settings are wrong no container is
// created: were they refused here, containerd would go on without the plugin.
func (p *plugin) Configure(_ context.Context, config, _, _ string) (api.EventMask, error) {
	p.settings, p.refused = parseSettings(config)
	return 0, nil
}

func parseSettings(config string) (settings, error) {
	s := newPlugin().settings
	if config == "" {
		return s, nil
	}
	d := json.NewDecoder(strings.NewReader(config))
	d.DisallowUnknownFields()
	if err := d.Decode(&s); err != nil {
		return s, fmt.Errorf("the settings of etcfiles-nri: %w", err)
	}
	if !filepath.IsAbs(s.DataDir) {
		return s, fmt.Errorf("the settings of etcfiles-nri: dataDir %q must be an absolute path", s.DataDir)
	}
	if !filepath.IsLocal(s.Namespace) || s.Namespace == "." || strings.Contains(s.Namespace, "/") {
		return s, fmt.Errorf("the settings of etcfiles-nri: namespace %q must be a single path element", s.Namespace)
	}
	return s, nil
}

// CreateContainer adds a mount for each file that the store has for the pod. Its options are those of the mount of CRI or of the kubelet that
// it takes the place of; what the pod's author has mounted there stays, and so does a resolv.conf of CRI that knows more than the store's. The hostname file of CRI stays: it is always that of the pod. A pod that the store knows nothing of, one with
// the host's network for example, is left alone.
func (p *plugin) CreateContainer(ctx context.Context, pod *api.PodSandbox, c *api.Container) (*api.ContainerAdjustment, []*api.ContainerUpdate, error) {
	if p.refused != nil {
		return nil, nil, p.refused
	}
	files, err := ocimount.PodFiles(p.DataDir, p.Namespace, pod.GetId(), netnsPath(pod, c))
	if err != nil {
		return nil, nil, fmt.Errorf("etcfiles-nri: pod %s/%s: %w", pod.GetNamespace(), pod.GetName(), err)
	}
	if err := p.adopt(ctx, pod, c); err != nil {
		return nil, nil, fmt.Errorf("etcfiles-nri: pod %s/%s: %w", pod.GetNamespace(), pod.GetName(), err)
	}
	adjustment := &api.ContainerAdjustment{}
	for _, f := range files {
		if f.Target == ocimount.HostnamePath {
			continue
		}
		options := []string{"rbind", "rprivate", "rw"}
		if m := mountAt(c, f.Target); m != nil {
			if f.Yields || !ocimount.OfEngine(f.Target, m.GetSource(), pod.GetId()) {
				continue
			}
			if len(m.GetOptions()) > 0 {
				options = m.GetOptions()
			}
		}
		adjustment.AddMount(&api.Mount{Destination: f.Target, Type: "bind", Source: f.Source, Options: options})
	}
	return adjustment, nil, nil
}

// mountAt returns what a container sees mounted at a path, the last of the mounts there; nil if there is none.
func mountAt(c *api.Container, path string) *api.Mount {
	for _, m := range slices.Backward(c.GetMounts()) {
		if filepath.Clean(m.GetDestination()) == path {
			return m
		}
	}
	return nil
}

// netnsPath returns the path of the network namespace of a pod, "" if it is the host's.
func netnsPath(pod *api.PodSandbox, c *api.Container) string {
	for _, list := range [][]*api.LinuxNamespace{pod.GetLinux().GetNamespaces(), c.GetLinux().GetNamespaces()} {
		for _, n := range list {
			if n.GetType() == "network" && n.GetPath() != "" {
				return n.GetPath()
			}
		}
	}
	return ""
}
