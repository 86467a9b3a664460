package main

import (
	"bytes"
	_ "embed"
	"os"
	"path/filepath"
	"strings"
	"text/template"

	"github.com/goreleaser/nfpm/v2"

	"github.com/etcfiles/etcfiles/packaging/contents"
)

// The scripts of packages. Debian calls them with words, RPM with the number of versions that are there afterwards.
var (
	//go:embed scripts/postinst.sh
	postinst string
	//go:embed scripts/prerm.sh
	prerm string
	//go:embed scripts/postrm.sh
	postrm string
	//go:embed scripts/removal.sh
	removal string
	//go:embed scripts/selinux.sh
	selinux string
)

// units are the names of the units that a script is about.
type units struct {
	All     string
	Staying string // services that stay, and are to run the new version after an upgrade
}

// stageScripts writes the scripts of a package that has the files into a directory.
func stageScripts(r *release, dir string, files []contents.File) (nfpm.Scripts, error) {
	none := nfpm.Scripts{}
	u, err := readUnits(r.Root, r.Part)
	if err != nil {
		return none, err
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return none, err
	}
	var programs []string
	for _, f := range files {
		if f.Program != "" {
			programs = append(programs, f.Path)
		}
	}
	about := struct {
		Units    units
		Programs string // their paths
		Removal  string // the text of removal.sh
		Selinux  string // that of selinux.sh
		Store    bool   // the store is this package's
	}{u, strings.Join(programs, " "), removal, selinux, r.Part != contents.Etcd}
	write := func(name, text string) (string, error) {
		t, err := template.New(name).Parse(text)
		if err != nil {
			return "", err
		}
		var out bytes.Buffer
		if err := t.Execute(&out, about); err != nil {
			return "", err
		}
		path := filepath.Join(dir, name)
		return path, os.WriteFile(path, out.Bytes(), 0o600)
	}
	var s nfpm.Scripts
	for _, script := range []struct {
		path       *string
		name, text string
	}{{&s.PostInstall, "postinst", postinst}, {&s.PreRemove, "prerm", prerm}, {&s.PostRemove, "postrm", postrm}} {
		if *script.path, err = write(script.name, script.text); err != nil {
			return none, err
		}
	}
	return s, nil
}

func readUnits(source string, part contents.Part) (units, error) {
	paths, err := contents.FindUnits(source, part)
	if err != nil {
		return units{}, err
	}
	var all, staying []string
	for _, p := range paths {
		name := filepath.Base(p)
		all = append(all, name)
		text, err := os.ReadFile(p)
		if err != nil {
			return units{}, err
		}
		if filepath.Ext(p) == ".service" && !bytes.Contains(text, []byte("\nType=oneshot\n")) {
			staying = append(staying, name)
		}
	}
	return units{strings.Join(all, " "), strings.Join(staying, " ")}, nil
}
