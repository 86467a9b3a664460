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
	thirdParty, err := thirdPartyLicenses(s.Root, linkedModules(s.Programs))
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
		for _, m := range p.Info.Deps {
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

// Actual returns the module that is linked for another.
func Actual(m *debug.Module) debug.Module {
	if m.Replace != nil {
		return *m.Replace
	}
	return *m
}

// thirdPartyLicenses returns the texts of the licenses of Go and of modules, which go finds from the directory.
func thirdPartyLicenses(dir string, modules []debug.Module) ([]byte, error) {
	root, err := goList(dir, "env", "GOROOT")
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := appendLicenses(&out, "Go and its standard library", strings.TrimSpace(root)); err != nil {
		return nil, err
	}
	for _, m := range modules {
		in, err := goList(dir, "list", "-mod=readonly", "-m", "-f", "{{.Dir}}", m.Path)
		if err != nil {
			return nil, err
		}
		if err := appendLicenses(&out, m.Path+" "+m.Version, strings.TrimSpace(in)); err != nil {
			return nil, err
		}
	}
	return out.Bytes(), nil
}

// appendLicenses writes the license files in the top of a directory.
func appendLicenses(out *bytes.Buffer, name, dir string) error {
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
	if !found {
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
