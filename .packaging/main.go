// Command packaging makes what a release of etcfiles consists of, for one architecture: a .deb, an .rpm, a tarball and a software
// bill of materials. `make package` builds the programs and runs it.
//
// What it writes depends on the source, the version and the time that it is given, and on nothing else of the machine.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/etcfiles/etcfiles/packaging/contents"
)

// release is what there is to package.
type release struct {
	contents.Source
	bin     string // the directory of the built programs
	out     string
	arch    string // GOARCH
	version string // as Debian and RPM compare it
	time    time.Time
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "packaging:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	var r release
	flags := flag.NewFlagSet("packaging", flag.ContinueOnError)
	flags.StringVar(&r.Root, "source", "..", "the repository")
	flags.StringVar(&r.bin, "bin", "", "`directory` of the built programs")
	flags.StringVar(&r.Docs, "docs", "", "`directory` with man/*.N and completions/PROGRAM.{bash,zsh,fish}, where there are any")
	flags.StringVar(&r.out, "out", "", "`directory` for the packages")
	flags.StringVar(&r.arch, "arch", "", "GOARCH of the programs")
	described := flags.String("version", "", "version as git describe prints it")
	epoch := flags.String("epoch", os.Getenv("SOURCE_DATE_EPOCH"), "time of every file, in `seconds`; default SOURCE_DATE_EPOCH")
	if err := flags.Parse(args); err != nil {
		return err
	}
	seconds, err := strconv.ParseInt(*epoch, 10, 64)
	if err != nil {
		return fmt.Errorf("time of the files, SOURCE_DATE_EPOCH: %w", err)
	}
	r.time = time.Unix(seconds, 0).UTC()
	if r.version, err = packageVersion(*described, r.time); err != nil {
		return err
	}
	if r.Programs, err = contents.FindPrograms(r.Root, r.bin); err != nil {
		return err
	}
	return r.write()
}

// write makes the packages.
func (r *release) write() error {
	rpmArch, ok := map[string]string{"amd64": "x86_64", "arm64": "aarch64"}[r.arch]
	if !ok {
		return fmt.Errorf("no packages for GOARCH %q: say here what RPM calls it", r.arch)
	}
	for _, part := range contents.Parts() {
		of := *r
		of.Source = *r.Of(part)
		for _, f := range []struct {
			name   string
			layout *contents.Layout
			write  func(r *release, path string, files []contents.File) error
		}{
			{"_%s_" + r.arch + ".deb", &contents.Debian, writeDeb},
			{"-%s." + rpmArch + ".rpm", &contents.Fedora, writeRPM},
			{"-%s-linux-" + r.arch + ".tar.gz", contents.Local("/usr/local", "/opt/cni/bin"), writeTarball},
		} {
			files, err := f.layout.Files(&of.Source)
			if err != nil {
				return err
			}
			path := of.path(f.name)
			if err := f.write(&of, path, files); err != nil {
				return errors.Join(fmt.Errorf("%s: %w", path, err), os.Remove(path))
			}
		}
		if err := of.writeSBOM(of.path("-%s-linux-" + r.arch + ".cdx.json")); err != nil {
			return err
		}
	}
	return nil
}

// path returns the path of a package of the part, from what follows the part's name. Its name has no tilde, for which GitHub puts a dot into the
// names of what a release has.
func (r *release) path(format string) string {
	return filepath.Join(r.out, fmt.Sprintf(string(r.Part)+format, strings.ReplaceAll(r.version, "~", "-")))
}
