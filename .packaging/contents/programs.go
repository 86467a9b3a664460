package contents

import (
	"debug/buildinfo"
	"fmt"
	"path/filepath"
)

// Program is one of the built programs.
type Program struct {
	Name string
	Kind string // meta, hook, nri or etcd: the folder of plugins/ where its source is
	Path string
	Info *buildinfo.BuildInfo
}

// FindPrograms returns the programs of the repository, in the order of their folders, as they were built.
func FindPrograms(source, bin string) ([]Program, error) {
	mains, err := filepath.Glob(filepath.Join(source, "plugins/*/*/main.go"))
	if err != nil {
		return nil, err
	}
	var out []Program
	for _, main := range mains {
		dir := filepath.Dir(main)
		p := Program{Name: filepath.Base(dir), Kind: filepath.Base(filepath.Dir(dir))}
		p.Path = filepath.Join(bin, p.Name)
		if p.Info, err = buildinfo.ReadFile(p.Path); err != nil {
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
func (l *Layout) place(p Program) (string, error) {
	switch p.Kind {
	case "meta":
		return l.plugin + "/" + p.Name, nil
	case "hook", "etcd":
		return l.bin + "/" + p.Name, nil
	case "nri": // containerd looks into /opt/nri/plugins, and starts whatever is there
		return l.libexec + "/" + p.Name, nil
	}
	return "", fmt.Errorf("plugins/%s/%s: say in programs.go where a program of this kind belongs", p.Kind, p.Name)
}
