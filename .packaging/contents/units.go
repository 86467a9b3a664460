package contents

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// makeInstall is where `make install` puts commands, and what the units in the source say.
const makeInstall = "/usr/local/bin/"

var (
	programPath = regexp.MustCompile(regexp.QuoteMeta(makeInstall) + `([a-z-]+)`)
	execLine    = regexp.MustCompile(`(?m)^Exec\w+=[-@:+!|]*(\S+)`)
)

// unitFiles are the units of systemd beside the programs, with the paths of the programs as they will be installed.
func (l *Layout) unitFiles(s *Source, places map[string]string) ([]File, error) {
	paths, err := FindUnits(s.Root, s.Part)
	if err != nil {
		return nil, err
	}
	var out []File
	for _, p := range paths {
		text, err := os.ReadFile(p)
		if err != nil {
			return nil, err
		}
		if text, err = replacePrograms(text, places); err != nil {
			return nil, fmt.Errorf("%s: %w", p, err)
		}
		out = append(out, File{Path: l.units + "/" + filepath.Base(p), Mode: 0o644, Content: text})
	}
	return out, nil
}

// FindUnits returns the paths of the units of a part in the source.
func FindUnits(source string, part Part) ([]string, error) {
	var out []string
	for _, kind := range []string{"service", "timer", "path", "socket", "mount"} {
		paths, err := filepath.Glob(filepath.Join(source, "plugins/*/*/*."+kind))
		if err != nil {
			return nil, err
		}
		for _, path := range paths {
			if partOf(source, path) == part {
				out = append(out, path)
			}
		}
	}
	return out, nil
}

// replacePrograms puts the places of the programs into a unit. A unit may run nothing else.
func replacePrograms(unit []byte, places map[string]string) ([]byte, error) {
	unit = programPath.ReplaceAllFunc(unit, func(p []byte) []byte {
		if place, ok := places[strings.TrimPrefix(string(p), makeInstall)]; ok {
			return []byte(place)
		}
		return p
	})
	installed := map[string]bool{}
	for _, place := range places {
		installed[place] = true
	}
	for _, m := range execLine.FindAllSubmatch(unit, -1) {
		if !installed[string(m[1])] {
			return nil, fmt.Errorf("it runs %s, which is in no package: write %sPROGRAM", m[1], makeInstall)
		}
	}
	return unit, nil
}
