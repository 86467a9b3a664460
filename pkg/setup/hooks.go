package setup

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"

	specs "github.com/opencontainers/runtime-spec/specs-go"

	"github.com/etcfiles/etcfiles/pkg/ocispec"
	"github.com/etcfiles/etcfiles/pkg/ocistate"
)

// usrHooks is the directory of oci-hooks(5) that Podman and CRI-O read when nothing else is said.
const usrHooks = "/usr/share/containers/oci/hooks.d"

// hookFile is a file of hooks.d.
type hookFile struct {
	program    string // its name
	args       []string
	annotation string
	stages     []string
}

// mountHook is as oci-cni-hook spec --hooks-d mount prints it.
func mountHook(override bool) hookFile {
	args := []string{"--sandbox-annotation", ocistate.CRIOSandboxAnnotation}
	if override {
		args = append(args, "--override")
	}
	return hookFile{"etcfiles-mount", append(args, ocispec.CreateContainer), "", []string{ocispec.CreateContainer}}
}

// adoptHook takes over what the kubelet knows of a pod and only its hosts file has, which the mount covers; see etcfiles adopt.
func adoptHook() hookFile {
	return hookFile{pluginName, []string{"adopt", "--sandbox-annotation", ocistate.CRIOSandboxAnnotation}, "", []string{ocispec.CreateRuntime}}
}

// cniHook is as oci-cni-hook spec --hooks-d cni --networks NETWORKS prints it, with commas.
func cniHook(networks string) hookFile {
	return hookFile{
		"oci-cni-hook",
		[]string{"--networks", networks, "--allow", "none", "hook"},
		"^etcfiles/networks?$",
		[]string{ocispec.CreateRuntime, ocispec.Poststop},
	}
}

func (f hookFile) content(program string) ([]byte, error) {
	return ocispec.HooksD(specs.Hook{Path: program, Args: f.args}, f.annotation, f.stages...)
}

// isHook reports whether a text is one of the hooks, with the program at any path and, of the hook that runs CNI, for any network.
func isHook(text []byte) bool {
	var there struct{ Hook specs.Hook }
	if json.Unmarshal(text, &there) != nil {
		return false
	}
	for _, f := range []hookFile{mountHook(false), mountHook(true), adoptHook(), cniHook(strings.Join(networksOf(text), ","))} {
		content, err := f.content(there.Hook.Path)
		if err == nil && filepath.Base(there.Hook.Path) == f.program && bytes.Equal(content, text) {
			return true
		}
	}
	return false
}

// networksOf returns the networks of the hook that runs CNI, as the file of cniHook has them.
func networksOf(text []byte) []string {
	var there struct{ Hook specs.Hook }
	if json.Unmarshal(text, &there) != nil || len(there.Hook.Args) < 3 || there.Hook.Args[1] != "--networks" {
		return nil
	}
	return strings.Split(there.Hook.Args[2], ",")
}

// setupHook plans the file of a hook, also in place of one that a setup has made when the runtime had other networks.
func (h *Host) setupHook(p *Plan, path, what string, f hookFile) error {
	program, err := h.own(f.program)
	if err != nil {
		return err
	}
	there, err := h.read(path)
	if err != nil {
		return err
	}
	content, err := f.content(program)
	if err != nil {
		return err
	}
	if there != nil && !p.made(path, there) && !bytes.Equal(content, there) {
		p.Notes = append(p.Notes, fmt.Sprintf("%s was made or changed by hand and stays as it is: to have it as this makes it, remove it and run this again", path))
		p.There = append(p.There, path)
		p.wired = true
		return nil
	}
	p.wired = p.wired || there != nil
	return h.write(p, path, what, content)
}
