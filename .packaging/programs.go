package main

import (
	"debug/buildinfo"
	"fmt"
	"path/filepath"
)

// program is one of the built programs.
type program struct {
	name string
	kind string // meta, hook or nri: the folder of plugins/ where its source is
	path string
	info *buildinfo.BuildInfo
}

// findPrograms returns the programs of the repository, in the order of their folders, as they were built.
func findPrograms(source, bin string) ([]program, error) {
	mains, err := filepath.Glob(filepath.Join(source, "plugins/*/*/main.go"))
	if err != nil {
		return nil, err
	}
	var out []program
	for _, main := range mains {
		dir := filepath.Dir(main)
		p := program{name: filepath.Base(dir), kind: filepath.Base(filepath.Dir(dir))}
		p.path = filepath.Join(bin, p.name)
		if p.info, err = buildinfo.ReadFile(p.path); err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("%s has no plugins/*/*/main.go", source)
	}
	return out, nil
}

// place returns where the layout has a program.
func (l *layout) place(p program) (string, error) {
	switch p.kind {
	case "meta":
		return l.plugin + "/" + p.name, nil
	case "hook":
		return l.bin + "/" + p.name, nil
	case "nri": // containerd looks into /opt/nri/plugins, and starts whatever is there
		return l.libexec + "/" + p.name, nil
	}
	return "", fmt.Errorf("plugins/%s/%s: say in programs.go where a program of this kind belongs", p.kind, p.name)
}
