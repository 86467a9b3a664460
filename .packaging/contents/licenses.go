package contents

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
)

const copyright = `Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: etcfiles
Source: https://github.com/etcfiles/etcfiles

Files: *
Copyright: 2026 The etcfiles authors
License: Apache-2.0
Comment: What is linked into the programs, and under which licenses, is in
 third-party-licenses.

License: Apache-2.0
 On Debian systems the text is in /usr/share/common-licenses/Apache-2.0.
`

// licenses are the license of etcfiles, and those of the modules in the programs, which ask to go with every copy.
func (l *Layout) licenses(s *Source, _ map[string]string) ([]File, error) {
	thirdParty, err := s.thirdPartyLicenses()
	if err != nil {
		return nil, err
	}
	out := []File{{Path: l.Doc + "/third-party-licenses", Mode: 0o644, Content: thirdParty}}
	if l.license == "" {
		return append(out, File{Path: l.Doc + "/copyright", Mode: 0o644, Content: []byte(copyright)}), nil
	}
	text, err := os.ReadFile(filepath.Join(s.Root, "LICENSE"))
	if err != nil {
		return nil, err
	}
	return append(out, File{Path: l.license + "/LICENSE", Mode: 0o644, Content: text}), nil
}

// linkedModules returns the modules in the programs, in the order of their paths.
func linkedModules(programs []Program) []debug.Module {
	found := map[string]debug.Module{}
	for _, p := range programs {
		for _, m := range p.Modules() {
			found[m.Path] = Actual(m)
		}
	}
	var out []debug.Module
	for _, m := range found {
		out = append(out, m)
	}
	slices.SortFunc(out, func(a, b debug.Module) int { return strings.Compare(a.Path, b.Path) })
	return out
}

// ours is the module of the repository, which others of it have linked in.
const ours = "github.com/etcfiles/etcfiles"

// Modules returns the modules in a program that are of others.
func (p Program) Modules() []*debug.Module {
	return slices.DeleteFunc(slices.Clone(p.Info.Deps), func(m *debug.Module) bool { return m.Path == ours })
}

// Actual returns the module that is linked for another.
func Actual(m *debug.Module) debug.Module {
	if m.Replace != nil {
		return *m.Replace
	}
	return *m
}

// thirdPartyLicenses returns the texts of the licenses of Go and of the modules in the programs.
func (s *Source) thirdPartyLicenses() ([]byte, error) {
	root, err := goList(s.Root, "env", "GOROOT")
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := s.appendLicenses(&out, "Go and its standard library", strings.TrimSpace(root)); err != nil {
		return nil, err
	}
	modules := linkedModules(s.Programs)
	if len(modules) == 0 { // then go list would name the main module
		return out.Bytes(), nil
	}
	args := []string{"list", "-mod=readonly", "-m", "-f", "{{.Dir}}"}
	for _, m := range modules {
		args = append(args, m.Path)
	}
	list, err := goList(s.module(), args...)
	if err != nil {
		return nil, err
	}
	dirs := strings.Split(strings.TrimSuffix(list, "\n"), "\n")
	if len(dirs) != len(modules) {
		return nil, fmt.Errorf("go list names %d directories for %d modules", len(dirs), len(modules))
	}
	for i, m := range modules {
		if err := s.appendLicenses(&out, m.Path+" "+m.Version, dirs[i]); err != nil {
			return nil, err
		}
	}
	return out.Bytes(), nil
}

// appendLicenses writes the license files in the top of a directory.
func (s *Source) appendLicenses(out *bytes.Buffer, name, dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("licenses of %s: %w", name, err)
	}
	found := false
	for _, e := range entries {
		base, _, _ := strings.Cut(strings.ToUpper(e.Name()), ".")
		if !e.Type().IsRegular() || !slices.Contains([]string{"LICENSE", "LICENCE", "COPYING", "NOTICE", "COPYRIGHT"}, base) {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return err
		}
		found = true
		fmt.Fprintf(out, "==== %s: %s\n\n%s\n\n", name, e.Name(), bytes.TrimSpace(text))
	}
	switch {
	case found:
	case s.Here: // distributions put the license of their Go elsewhere
		fmt.Fprintf(out, "==== %s: its license is not in %s\n\n", name, dir)
	default:
		return fmt.Errorf("%s has no license in %s", name, dir)
	}
	return nil
}

func goList(dir string, args ...string) (string, error) {
	var stderr bytes.Buffer
	cmd := exec.Command("go", args...)
	cmd.Dir, cmd.Stderr = dir, &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("go %s: %w\n%s", strings.Join(args, " "), err, &stderr)
	}
	return string(out), nil
}
