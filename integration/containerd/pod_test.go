package containerd

import (
	"encoding/json"
	"strconv"
	"strings"

	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
)

// pod is a pod sandbox with its containers.
type pod struct {
	*node
	id     string
	config *cri.PodSandboxConfig
}

// podConfig returns the configuration of a pod of the Kubernetes namespace shop.
func (n *node) podConfig(name string) *cri.PodSandboxConfig {
	return &cri.PodSandboxConfig{
		Metadata: &cri.PodSandboxMetadata{Name: name, Uid: "uid-" + name, Namespace: "shop"},
		Hostname: name,
		Linux:    &cri.LinuxPodSandboxConfig{CgroupParent: n.cgroup, SecurityContext: &cri.LinuxSandboxSecurityContext{}},
	}
}

// tryPod starts a pod, its containers to be run by the runtime handler.
func (n *node) tryPod(config *cri.PodSandboxConfig, handler string) (*pod, error) {
	answer, err := n.runtime.RunPodSandbox(n.ctx, &cri.RunPodSandboxRequest{Config: config, RuntimeHandler: handler})
	if err != nil {
		return nil, err
	}
	return &pod{n, answer.PodSandboxId, config}, nil
}

// run starts a pod and changes its configuration before, with functions.
func (n *node) pod(name string, changes ...func(*cri.PodSandboxConfig)) *pod {
	n.t.Helper()
	config := n.podConfig(name)
	for _, change := range changes {
		change(config)
	}
	p, err := n.tryPod(config, "")
	if err != nil {
		n.t.Fatalf("pod %s: %v", name, err)
	}
	return p
}

// container starts a container of the pod that runs a command, forever if there is none, and returns its ID.
func (p *pod) container(name string, command ...string) string {
	p.t.Helper()
	id, err := p.tryContainer(name, command...)
	if err != nil {
		p.t.Fatalf("container %s of pod %s: %v", name, p.config.Metadata.Name, err)
	}
	return id
}

func (p *pod) tryContainer(name string, command ...string) (string, error) {
	return p.create(&cri.ContainerConfig{
		Metadata: &cri.ContainerMetadata{Name: name}, Command: command, Linux: &cri.LinuxContainerConfig{},
	})
}

// create starts a container of the image with a configuration.
func (p *pod) create(config *cri.ContainerConfig) (string, error) {
	config.Image = &cri.ImageSpec{Image: imageName}
	created, err := p.runtime.CreateContainer(p.ctx, &cri.CreateContainerRequest{
		PodSandboxId: p.id, SandboxConfig: p.config, Config: config,
	})
	if err != nil {
		return "", err
	}
	_, err = p.runtime.StartContainer(p.ctx, &cri.StartContainerRequest{ContainerId: created.ContainerId})
	return created.ContainerId, err
}

// exec runs a command in a container and returns its stdout and whether it succeeded.
func (n *node) exec(container string, command ...string) (string, bool) {
	n.t.Helper()
	answer, err := n.runtime.ExecSync(n.ctx, &cri.ExecSyncRequest{ContainerId: container, Cmd: command, Timeout: int64(patience.Seconds())})
	if err != nil {
		n.t.Fatalf("%s: %v", strings.Join(command, " "), err)
	}
	if answer.ExitCode != 0 {
		n.t.Logf("%s: exit code %d: %s", strings.Join(command, " "), answer.ExitCode, answer.Stderr)
	}
	return string(answer.Stdout), answer.ExitCode == 0
}

func (p *pod) stop() {
	p.t.Helper()
	if _, err := p.runtime.StopPodSandbox(p.ctx, &cri.StopPodSandboxRequest{PodSandboxId: p.id}); err != nil {
		p.t.Fatalf("stop pod %s: %v", p.config.Metadata.Name, err)
	}
}

func (p *pod) remove() {
	p.t.Helper()
	if _, err := p.runtime.RemovePodSandbox(p.ctx, &cri.RemovePodSandboxRequest{PodSandboxId: p.id}); err != nil {
		p.t.Fatalf("remove pod %s: %v", p.config.Metadata.Name, err)
	}
}

// state returns the state of the pod, its address and the process ID of the pause container on the node.
func (p *pod) state() (cri.PodSandboxState, string, string) {
	p.t.Helper()
	answer, err := p.runtime.PodSandboxStatus(p.ctx, &cri.PodSandboxStatusRequest{PodSandboxId: p.id, Verbose: true})
	if err != nil {
		p.t.Fatalf("status of pod %s: %v", p.config.Metadata.Name, err)
	}
	var info struct{ PID int }
	if err := json.Unmarshal([]byte(answer.Info["info"]), &info); err != nil {
		p.t.Fatalf("status of pod %s: %v", p.config.Metadata.Name, err)
	}
	return answer.Status.State, answer.Status.GetNetwork().GetIp(), strconv.Itoa(info.PID)
}

// address returns the pod's IP address.
func (p *pod) address() string {
	p.t.Helper()
	_, address, _ := p.state()
	if address == "" {
		p.t.Fatalf("pod %s has no address", p.config.Metadata.Name)
	}
	return address
}
