package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	specs "github.com/opencontainers/runtime-spec/specs-go"

	"github.com/etcfiles/etcfiles/pkg/ocihook"
	"github.com/etcfiles/etcfiles/pkg/ocispec"
)

// runSpec edits a bundle, or prints what would be in hooks.d.
func runSpec(o *options, operands []string, stdout io.Writer) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cni := func(stage string) ocispec.StagedHook {
		return ocispec.StagedHook{Stage: stage, Hook: specs.Hook{Path: self, Args: append(o.hookArgs(), stage)}}
	}
	if o.hooksD == "cni" {
		return printHooksD(stdout, cni("hook").Hook, "^"+ocihook.AnnotationNetworks+"$", ocispec.CreateRuntime, ocispec.Poststop)
	}
	mount, err := o.mount(self)
	if err != nil {
		return err
	}
	switch o.hooksD {
	case "":
	case "mount":
		if mount == nil {
			return fmt.Errorf("--hooks-d mount: etcfiles-mount is not beside %s: name it with --mount-hook", self)
		}
		return printHooksD(stdout, mount.Hook, "", ocispec.CreateContainer)
	default:
		return fmt.Errorf("--hooks-d %s: it prints cni or mount", o.hooksD)
	}
	for _, port := range *o.annotations["publish"] {
		if _, err := ocihook.ParsePort(port); err != nil {
			return fmt.Errorf("--publish: %w", err)
		}
	}
	edit := ocispec.Edit{
		Hooks:    []ocispec.StagedHook{cni(ocispec.CreateRuntime), cni(ocispec.Poststop)},
		Hostname: o.hostname, Name: o.annotations["name"].String(), Annotations: map[string]string{}, Networked: true,
	}
	if mount != nil {
		edit.Hooks = append(edit.Hooks, *mount)
	}
	for name, key := range specFlags {
		edit.Annotations[key] = o.annotations[name].String()
	}
	return edit.Apply(operands[0])
}

// mount returns the hook etcfiles-mount, nil if there is to be none or if there is none.
func (o *options) mount(self string) (*ocispec.StagedHook, error) {
	path := o.mountHook
	if !o.given["mount-hook"] {
		path = filepath.Join(filepath.Dir(self), "etcfiles-mount")
		if _, err := os.Stat(path); err != nil {
			return nil, fmt.Errorf("%w: install etcfiles-mount there, or name it with --mount-hook (\"\" for none)", err)
		}
	}
	if path == "" {
		return nil, nil
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	hook := &ocispec.StagedHook{Stage: ocispec.CreateContainer, Hook: specs.Hook{Path: path}}
	if o.dataDir != "" {
		hook.Args = append(hook.Args, "--data-dir", o.dataDir)
	}
	if o.given["namespace"] {
		hook.Args = append(hook.Args, "--namespace", o.namespace)
	}
	if o.override {
		hook.Args = append(hook.Args, "--override")
	}
	hook.Args = append(hook.Args, "createContainer")
	return hook, nil
}

func printHooksD(w io.Writer, hook specs.Hook, annotation string, stages ...string) error {
	b, err := ocispec.HooksD(hook, annotation, stages...)
	if err == nil {
		_, err = w.Write(b)
	}
	return err
}
