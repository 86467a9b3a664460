package main

import (
	"testing"

	"github.com/containerd/nri/pkg/api"
)

// TestMountAt: of several mounts at one path the container sees the last, which may be the user's own.
func TestMountAt(t *testing.T) {
	c := &api.Container{Mounts: []*api.Mount{
		{Destination: "/etc/hosts", Source: "/var/lib/kubelet/pods/UID/etc-hosts"},
		{Destination: "/etc//hosts", Source: "/srv/hosts"},
		{Destination: "/etc/hosts/below", Source: "/srv/below"},
	}}
	if got := mountAt(c, "/etc/hosts").GetSource(); got != "/srv/hosts" {
		t.Errorf("mounted at /etc/hosts is %s", got)
	}
	if got := mountAt(c, "/etc/resolv.conf"); got != nil {
		t.Errorf("mounted at /etc/resolv.conf is %v", got)
	}
}
