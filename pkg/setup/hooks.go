package setup

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"

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

// cniHook is as oci-cni-hook spec --hooks-d cni --networks NETWORK prints it.
func cniHook(network string) hookFile {
	return hookFile{
		"oci-cni-hook",
		[]string{"--networks", network, "--allow", "none", "hook"},
		"^etcfiles/networks?$",
		[]string{ocispec.CreateRuntime, ocispec.Poststop},
	}
}

func (f hookFile) content(program string) ([]byte, error) {
	return ocispec.HooksD(specs.Hook{Path: program, Args: f.args}, f.annotation, f.stages...)
}

// ours reports whether a text is the file, with the program at any path and, of the hook that runs CNI, for any network.
func (f hookFile) ours(text []byte) bool {
	var there struct{ Hook specs.Hook }
	if json.Unmarshal(text, &there) != nil || filepath.Base(there.Hook.Path) != f.program {
		return false
	}
	if len(f.args) > 1 && f.args[0] == "--networks" && len(there.Hook.Args) > 2 {
		f = cniHook(there.Hook.Args[2])
	}
	content, err := f.content(there.Hook.Path)
	return err == nil && bytes.Equal(content, text)
}

// setupHook plans the file of a hook, also in place of one of the former, which a setup has made when the runtime had other networks.
func (h *Host) setupHook(p *Plan, path, what string, f hookFile, former ...hookFile) error {
	program, err := h.own(f.program)
	if err != nil {
		return err
	}
	there, err := h.read(path)
	if err != nil {
		return err
	}
	ours := func(f hookFile) bool { return f.ours(there) }
	if there != nil && !ours(f) && !slices.ContainsFunc(former, ours) {
		p.Notes = append(p.Notes, fmt.Sprintf("%s was made or changed by hand and stays as it is: to have it as this makes it, remove it and run this again", path))
		p.There = append(p.There, path)
		p.wired = true
		return nil
	}
	content, err := f.content(program)
	if err != nil {
		return err
	}
	p.wired = p.wired || there != nil
	return h.write(p, path, what, content)
}

// undoHook plans that the file of a hook goes.
func (h *Host) undoHook(p *Plan, path string, what string, files ...hookFile) {
	there, err := h.read(path)
	if err != nil || there == nil {
		return
	}
	for _, f := range files {
		if f.ours(there) {
			h.remove(p, path, what)
			return
		}
	}
	p.leave("%s was made or changed by hand and stays: remove it", path)
}
