//go:build kubelet

package containerd

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
)

// nodeName is what kubelet calls its node; the name of a static pod ends in it.
const nodeName = "node1"

// kubeletConfig is that of a standalone kubelet, on a machine that may have cgroups v1 only.
const kubeletConfig = `apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication: {anonymous: {enabled: true}, webhook: {enabled: false}}
authorization: {mode: AlwaysAllow}
cgroupDriver: cgroupfs
cgroupRoot: %q
cgroupsPerQOS: true
enforceNodeAllocatable: []
failCgroupV1: false
failSwapOn: false
localStorageCapacityIsolation: false
evictionHard: {memory.available: "0%%"}
oomScoreAdj: 0
containerRuntimeEndpoint: unix://` + socket + `
staticPodPath: /etc/kubernetes/manifests
syncFrequency: 1s
fileCheckFrequency: 1s
`

const manifest = `apiVersion: v1
kind: Pod
metadata: {name: %[1]s, namespace: shop, annotations: {etcfiles/aliases: %[1]s}}
spec:
  terminationGracePeriodSeconds: 0
  containers:
  - name: main
    image: ` + imageName + `
    imagePullPolicy: Never
    command: [/bin/sh, -c, "echo hello from %[1]s >/index.html; exec /bin/busybox httpd -f -p 80"]
`

// TestKubelet runs a standalone kubelet, the real client of CRI: two static pods call each other by name, also by an alias
// from an annotation, and when their manifests are removed nothing is left.
func TestKubelet(t *testing.T) {
	kubelet := filepath.Join(repository, "bin/kubelet/kubelet")
	n := newNode(t, containerd2, conflist(t, shipped), byBaseSpec)
	n.write("/etc/kubelet.yaml", fmt.Appendf(nil, kubeletConfig, n.cgroup))
	names := []string{"web", "db"}
	for _, name := range names {
		n.write("/etc/kubernetes/manifests/"+name+".yaml", fmt.Appendf(nil, manifest, name))
	}
	n.run("sh", "-c", `for parent in /sys/fs/cgroup/*/cgroup.procs; do mkdir "${parent%/*}`+n.cgroup+`"; done`)
	const log = "/run/kubelet.log"
	n.write(log, nil)
	out, err := os.OpenFile(n.path(log), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	cmd := n.command(kubelet, "--config=/etc/kubelet.yaml", "--hostname-override="+nodeName, "--root-dir=/var/lib/kubelet")
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("kubelet's log:\n%s", n.read(log))
		}
	})
	go func() { _ = cmd.Wait() }() // it ends with the node

	containers := map[string]string{}
	n.until("both pods run", func() bool {
		answer, err := n.runtime.ListContainers(n.ctx, &cri.ListContainersRequest{Filter: &cri.ContainerFilter{
			State: &cri.ContainerStateValue{State: cri.ContainerState_CONTAINER_RUNNING},
		}})
		if err != nil {
			return false
		}
		for _, c := range answer.Containers {
			containers[c.Labels["io.kubernetes.pod.name"]] = c.Id
		}
		return len(containers) == len(names)
	})
	for i, name := range names {
		peer := names[1-i]
		for _, called := range []string{peer + "-" + nodeName, peer, peer + "-" + nodeName + ".shop"} {
			n.until(name+" gets a page from "+called, func() bool {
				answer, _ := n.exec(containers[name+"-"+nodeName], "/bin/sh", "-c", `printf 'GET / HTTP/1.0\r\n\r\n' | busybox nc -w 5 `+called+" 80")
				return strings.HasSuffix(answer, "hello from "+peer+"\n")
			})
		}
		if got, _ := n.exec(containers[name+"-"+nodeName], "/bin/hostname"); got != name+"-"+nodeName+"\n" {
			t.Errorf("hostname of %s: %q", name, got)
		}
	}
	for _, name := range names {
		n.run("rm", "/etc/kubernetes/manifests/"+name+".yaml")
	}
	n.until("both pods are gone", func() bool {
		answer, err := n.runtime.ListPodSandbox(n.ctx, &cri.ListPodSandboxRequest{Filter: &cri.PodSandboxFilter{
			State: &cri.PodSandboxStateValue{State: cri.PodSandboxState_SANDBOX_READY},
		}})
		return err == nil && len(answer.Items) == 0
	})
	n.until("nothing is left", func() bool { return len(n.leftovers()) == 0 })
}
