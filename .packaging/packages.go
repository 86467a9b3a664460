package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/goreleaser/nfpm/v2"
	"github.com/goreleaser/nfpm/v2/deb"
	nfpmfiles "github.com/goreleaser/nfpm/v2/files"
	"github.com/goreleaser/nfpm/v2/rpm"

	"github.com/etcfiles/etcfiles/packaging/contents"
)

const (
	maintainer = "The etcfiles authors <etcfiles@users.noreply.github.com>"
	homepage   = "https://github.com/etcfiles/etcfiles"
)

// about is what a package says of itself.
type about struct{ summary, description string }

var abouts = map[contents.Part]about{
	contents.Main: {"containers find each other by name, from their own /etc/hosts", `A CNI chained meta-plugin that writes /etc/hosts, /etc/resolv.conf and
/etc/hostname of containers, for any runtime that drives CNI. Placed last
in a conflist, it makes every container on a network find every other one
by name. There is no daemon and no DNS server.

With it come OCI hooks that run a CNI chain for containers of runc or crun
and mount the files, and a plugin of containerd's Node Resource Interface.`},
	contents.Etcd: {"names of containers across machines, through etcd", `A service beside the plugin of etcfiles that publishes the names of this
machine's containers to etcd, and puts those of other machines into the hosts
files here. It is in the path of no container's start, and names stay when
etcd is away.`},
}

// writeDeb writes a package for Debian.
func writeDeb(r *release, path string, files []contents.File) error {
	changelog, err := contents.Compress(fmt.Appendf(nil, "%s (%s) unstable; urgency=medium\n\n  * What is new: %s/releases\n\n -- %s  %s\n",
		r.Part, r.version, homepage, maintainer, r.time.Format("Mon, 02 Jan 2006 15:04:05 -0700")))
	if err != nil {
		return err
	}
	files = append(files,
		contents.File{Path: contents.Debian.DocOf(r.Part) + "/changelog.gz", Mode: 0o644, Content: changelog},
		// The programs are static so that they also run where there is no libc: in the mount namespace of a container.
		contents.File{Path: "/usr/share/lintian/overrides/" + string(r.Part), Mode: 0o644, Content: []byte(r.Part + ": statically-linked-binary\n")})
	of := abouts[r.Part]
	return writePackage(r, path, files, of.summary+"\n"+of.description, "etcfiles (= %s)", deb.Default)
}

// writeRPM writes a package for the distributions with RPM.
func writeRPM(r *release, path string, files []contents.File) error {
	return writePackage(r, path, append(files, ownDirectories(files)...), abouts[r.Part].description, "etcfiles = %s", rpm.DefaultRPM)
}

// ownDirectories returns the directories that are there for the files of this package alone, or of shells that need not be
// installed: RPM removes only those that a package names.
func ownDirectories(files []contents.File) []contents.File {
	var out []contents.File
	seen := map[string]bool{}
	for _, f := range files {
		for dir := filepath.Dir(f.Path); owned(dir) && !seen[dir]; dir = filepath.Dir(dir) {
			seen[dir] = true
			out = append(out, contents.File{Path: dir, Mode: fs.ModeDir | 0o755})
		}
	}
	return out
}

func owned(dir string) bool {
	return strings.Contains(dir+"/", "/etcfiles/") || strings.HasSuffix(dir, "/etcfiles-etcd") || strings.HasPrefix(dir, "/usr/share/fish") || strings.HasPrefix(dir, "/usr/share/zsh")
}

// writePackage writes a package. needs is how one says that it needs a version of the main one.
func writePackage(r *release, path string, files []contents.File, description, needs string, packager nfpm.Packager) (err error) {
	dir, err := os.MkdirTemp("", "etcfiles-packaging-") // nfpm reads contents and scripts from files
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	info := nfpm.WithDefaults(&nfpm.Info{
		Name: string(r.Part), Arch: r.arch, Platform: "linux", Version: r.version, VersionSchema: "none", MTime: r.time,
		Section: "net", Priority: "optional", Maintainer: maintainer, Homepage: homepage, License: "Apache-2.0", Description: description,
		DisableGlobbing: true,
	})
	switch r.Part {
	case contents.Main:
		info.Recommends = []string{"containernetworking-plugins"} // bridge, portmap and the others of a conflist
		info.Suggests = []string{string(contents.Etcd)}
	case contents.Etcd:
		info.Depends = []string{fmt.Sprintf(needs, r.version)} // they write one store
		info.Suggests = []string{"etcd-server"}
	}
	info.RPM.Summary = abouts[r.Part].summary
	info.RPM.BuildHost = "localhost"
	if info.Contents, err = stage(r, filepath.Join(dir, "files"), files); err != nil {
		return err
	}
	if info.Scripts, err = stageScripts(r, filepath.Join(dir, "scripts"), files); err != nil {
		return err
	}
	out, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(packager.Package(info, out), out.Close())
}

// stage writes the contents of files into a directory, and returns what nfpm has to know of them.
func stage(r *release, dir string, files []contents.File) (nfpmfiles.Contents, error) {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	var out nfpmfiles.Contents
	for i, f := range files {
		c := &nfpmfiles.Content{Destination: f.Path, FileInfo: &nfpmfiles.ContentFileInfo{Owner: "root", Group: "root", Mode: f.Mode, MTime: r.time}}
		out = append(out, c)
		switch {
		case f.Mode.IsDir():
			c.Type = nfpmfiles.TypeDir
			continue
		case f.Target != "":
			c.Type, c.Source = nfpmfiles.TypeSymlink, f.Target
			continue
		}
		if f.Config {
			c.Type = nfpmfiles.TypeConfigNoReplace
		}
		c.Source = filepath.Join(dir, strconv.Itoa(i))
		if err := os.WriteFile(c.Source, f.Content, 0o600); err != nil {
			return nil, err
		}
	}
	return out, nil
}
