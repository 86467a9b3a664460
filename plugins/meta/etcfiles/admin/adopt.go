package admin

import (
	"cmp"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"

	specs "github.com/opencontainers/runtime-spec/specs-go"
	"github.com/spf13/cobra"

	"github.com/etcfiles/etcfiles/pkg/cli"
	"github.com/etcfiles/etcfiles/pkg/kubehosts"
	"github.com/etcfiles/etcfiles/pkg/ocimount"
	"github.com/etcfiles/etcfiles/pkg/ocistate"
	"github.com/etcfiles/etcfiles/pkg/safefile"
)

func adoptCommand(o *options) *cobra.Command {
	annotation := ocistate.CRISandboxAnnotation
	cmd := &cobra.Command{
		Use:   "adopt",
		Short: "Take over what the kubelet knows of a pod (an OCI hook)",
		Long: `Take over, into the hosts file of a pod, what only the kubelet's own hosts file has: the FQDN of a pod with a subdomain, such as
one of a StatefulSet, and the pod's hostAliases. So "hostname -f" gives the FQDN though the file of etcfiles covers the kubelet's.

It is an OCI hook for the stage createRuntime: a runtime runs it with the state of a container on stdin. The kubelet's file is the source of
the mount at /etc/hosts in the bundle. It is read once for a pod, and is not trusted: what cannot be in a hosts file is left out
with a warning. A container of no pod, one of a pod that the store does not have, or one with another file there is left alone. "etcfiles-mount
base-spec" writes the hook into a base_runtime_spec for containerd. With --namespace the pods are in another namespace than k8s.io.`,
		Example: "  etcfiles adopt --sandbox-annotation io.kubernetes.cri-o.SandboxID",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if annotation != ocistate.CRISandboxAnnotation && annotation != ocistate.CRIOSandboxAnnotation {
				return cli.Misuse(cmd, "--sandbox-annotation: want %s (CRI) or %s (CRI-O)", ocistate.CRISandboxAnnotation, ocistate.CRIOSandboxAnnotation)
			}
			var state specs.State
			if err := json.NewDecoder(cmd.InOrStdin()).Decode(&state); err != nil {
				return fmt.Errorf("the container's state on stdin: %w: this is to be called by an OCI runtime, as a hook", err)
			}
			if err := ocistate.BeingCreated(&state); err != nil {
				return err
			}
			sandbox := state.Annotations[annotation]
			if sandbox == "" {
				return nil
			}
			hosts, err := kubeletHosts(state.Bundle)
			if err != nil || hosts == "" {
				return err
			}
			netns := fmt.Sprintf("/proc/%d/ns/net", state.Pid)
			return o.manager(cmd).Adopt(cmd.Context(), cmp.Or(o.namespace, ocimount.PodNamespace), sandbox, netns, hosts)
		},
	}
	o.addLockTimeout(cmd)
	cmd.Flags().StringVar(&annotation, "sandbox-annotation", annotation, "the `annotation` that says which pod a container is of")
	return cmd
}

// maxBundle is how many bytes of a config.json are read.
const maxBundle = 16 << 20

// kubeletHosts returns the path of the kubelet's hosts file that a bundle mounts at /etc/hosts, "" if it mounts none or another.
func kubeletHosts(bundle string) (string, error) {
	path := filepath.Join(bundle, "config.json")
	b, err := safefile.ReadLinked(path, maxBundle)
	if err != nil {
		return "", err
	}
	var config struct{ Mounts []specs.Mount }
	if err := json.Unmarshal(b, &config); err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	for _, m := range slices.Backward(config.Mounts) {
		if filepath.Clean(m.Destination) == ocimount.HostsPath {
			if kubehosts.IsHosts(m.Source) {
				return m.Source, nil
			}
			return "", nil
		}
	}
	return "", nil
}
