package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/containerd/nri/pkg/api"

	"github.com/etcfiles/etcfiles/pkg/etcfiles"
	"github.com/etcfiles/etcfiles/pkg/hostsstore"
	"github.com/etcfiles/etcfiles/pkg/kubehosts"
	"github.com/etcfiles/etcfiles/pkg/ocimount"
)

// lockTimeout is less than what containerd waits for an answer, plugin_request_timeout, which is 2 s by default.
const lockTimeout = time.Second

// adopt takes over what only the kubelet's hosts file has of a pod, if a container mounts that, as "etcfiles adopt" does.
func (p *plugin) adopt(ctx context.Context, pod *api.PodSandbox, c *api.Container) error {
	netns := netnsPath(pod, c)
	mount := mountAt(c, ocimount.HostsPath)
	if mount == nil || netns == "" || !kubehosts.IsHosts(mount.GetSource()) {
		return nil
	}
	m := &etcfiles.Manager{
		Dir: hostsstore.Dir(p.DataDir), FindMarker: true, LockTimeout: lockTimeout,
		Warnf: func(format string, args ...any) {
			fmt.Fprintf(os.Stderr, "etcfiles-nri: warning: "+format+"\n", args...)
		},
	}
	return m.Adopt(ctx, p.Namespace, pod.GetId(), netns, mount.GetSource())
}
