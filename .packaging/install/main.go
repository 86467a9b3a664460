// Command install lays out what a release consists of as the tarball has it, on this machine or below a directory. `make install` runs it,
// and scripts/uninstall.sh takes away what it has put.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/etcfiles/etcfiles/packaging/contents"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "install:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	source := contents.Source{Here: true}
	var i installation
	flags := flag.NewFlagSet("install", flag.ContinueOnError)
	flags.StringVar(&source.Root, "source", ".", "the repository")
	flags.StringVar(&source.Docs, "docs", "", "`directory` with man/*.N and completions/PROGRAM.{bash,zsh,fish}")
	bin := flags.String("bin", "", "`directory` of the built programs")
	flags.StringVar(&i.root, "destdir", "", "`directory` in place of /")
	list := flags.String("list", "", "`path` of the list of what is installed, below the destdir")
	prefix := flags.String("prefix", "/usr/local", "`directory` of all but the CNI plugin")
	flags.StringVar(&i.plugins, "cni-bin-dir", "/opt/cni/bin", "`directory` of the CNI plugin")
	flags.StringVar(&i.nri, "nri-plugin-dir", "", "`directory` for a link to the NRI plugin; default none")
	err := flags.Parse(args)
	if err != nil {
		return err
	}
	for _, dir := range []struct {
		name string
		path *string
	}{{"PREFIX", prefix}, {"CNI_BIN_DIR", &i.plugins}, {"NRI_PLUGIN_DIR", &i.nri}} {
		if *dir.path != "" && !filepath.IsAbs(*dir.path) {
			return fmt.Errorf("%s=%s: want an absolute path; a directory to put it below is DESTDIR", dir.name, *dir.path)
		}
		if *dir.path != "" {
			*dir.path = filepath.Clean(*dir.path)
		}
	}
	if *prefix == "/" {
		*prefix = ""
	}
	if i.plugins == "" || *list == "" {
		return errors.New("the CNI plugin needs a directory, CNI_BIN_DIR, and the list of what is installed a path")
	}
	if source.Programs, err = contents.FindPrograms(source.Root, *bin); err != nil {
		return err
	}
	var files []contents.File
	for _, part := range contents.Parts() {
		of, err := contents.Local(*prefix, i.plugins).Files(source.Of(part))
		if err != nil {
			return err
		}
		files = append(files, of...)
	}
	i.list, i.usual = filepath.Clean(*list), *prefix == "/usr/local"
	return i.install(files)
}
