package ocimount

import "testing"

// TestOfEngine has the paths that containerd 1.6 and 2.4, CRI-O, Podman 4.3 and the kubelet mount, and what users do.
func TestOfEngine(t *testing.T) {
	const id = "4c5d6e7f8091a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f708192a3b"
	for _, tc := range []struct {
		target, source string
		want           bool
	}{
		{HostsPath, "/var/lib/containerd/io.containerd.grpc.v1.cri/sandboxes/pod1/hosts", true},
		{"/etc/resolv.conf", "/srv/containerd/io.containerd.grpc.v1.cri/sandboxes/pod1/resolv.conf", true},
		{HostnamePath, "/var/lib/containerd/io.containerd.grpc.v1.cri/sandboxes/pod1/hostname", true},
		{HostsPath, "/var/lib/containerd/io.containerd.grpc.v1.cri/sandboxes/pod2/hosts", false},
		{HostsPath, "/var/lib/containerd/io.containerd.grpc.v1.cri/sandboxes/pod1/resolv.conf", false},
		{HostsPath, "/run/containers/storage/overlay-containers/" + id + "/userdata/hosts", true},
		{"/etc/resolv.conf", "/run/user/1000/containers/vfs-containers/" + id + "/userdata/resolv.conf", true},
		{HostsPath, "/run/containers/storage/overlay-containers/" + id + "/userdata/shm", false},
		{HostsPath, "/var/lib/kubelet/pods/5f1e6d0a-0000-4000-8000-000000000000/etc-hosts", true},
		{HostsPath, "/data/kubelet/pods/5f1e6d0a/etc-hosts", true},
		{"/etc/resolv.conf", "/var/lib/kubelet/pods/5f1e6d0a/etc-hosts", false},
		{HostsPath, "/var/lib/kubelet/pods/5f1e6d0a/volume-subpaths/names/main/0", false},
		{HostsPath, "/var/lib/kubelet/pods/5f1e6d0a/volumes/kubernetes.io~configmap/names/hosts", false},
		{HostsPath, "/etc/hosts", false},
		{HostsPath, "/srv/hosts", false},
		{HostsPath, "tmpfs", false},
		{HostsPath, "pods/x/etc-hosts", false},
		{HostsPath, "", false},
	} {
		if got := OfEngine(tc.target, tc.source, "other", "pod1"); got != tc.want {
			t.Errorf("%s from %s: of an engine %v, want %v", tc.target, tc.source, got, tc.want)
		}
	}
}
