// Command etcfiles-mount is an OCI hook for the stage createContainer: it mounts the hosts, resolv.conf and hostname files
// that etcfiles keeps for the container over /etc/… in its rootfs. See the OCI runtime specification,
// https://github.com/opencontainers/runtime-spec/blob/main/config.md#posix-platform-hooks.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/etcfiles/etcfiles/pkg/ocimount"
)

// version is stamped by the build.
var version = "unknown"

const program = "etcfiles-mount"

const usage = `usage: etcfiles-mount [FLAGS] [createContainer]    < state of the OCI container
       etcfiles-mount [FLAGS] base-spec FILE       < output of "ctr oci spec"
       etcfiles-mount version

An OCI hook for createContainer: mounts the container's hosts, resolv.conf and
hostname from the store over /etc/... in its rootfs.

base-spec writes containerd's default configuration of a container with this hook
in it to FILE, an absolute path, and prints what containerd's config.toml needs.
Example: ctr oci spec | etcfiles-mount base-spec /etc/containerd/etcfiles.json

  --data-dir DIR   the store (default /var/lib/etcfiles)
  --namespace NS   its namespace; default: k8s.io for a container of a pod, else
                   from containerd's bundle path, else "default"
  --override       mount also over what the bundle mounts at one of the three
  --verbose        say on stderr what is done
`

func main() {
	unix.Umask(0o022) // what is created in a rootfs is for every user of the container
	if err := run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %s\n", program, strings.ReplaceAll(err.Error(), "\n", " "))
		os.Exit(1)
	}
}

func run(args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	printf := func(format string, args ...any) { fmt.Fprintf(stderr, program+": "+format+"\n", args...) }
	hook := &ocimount.Hook{Warnf: printf, Verbosef: func(string, ...any) {}}
	flags := flag.NewFlagSet(program, flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&hook.DataDir, "data-dir", "/var/lib/etcfiles", "")
	flags.StringVar(&hook.Namespace, "namespace", "", "")
	flags.BoolVar(&hook.Override, "override", false, "")
	verbose := flags.Bool("verbose", false, "")
	showVersion := flags.Bool("version", false, "")
	operands, err := parse(flags, args)
	command := strings.Join(operands[:min(1, len(operands))], "")
	switch {
	case errors.Is(err, flag.ErrHelp) || err == nil && command == "help":
		fmt.Fprint(stdout, usage)
		return nil
	case err != nil:
		return fmt.Errorf("%w (see --help)", err)
	case *showVersion || command == "version":
		fmt.Fprintln(stdout, program, version)
		return nil
	case !filepath.IsAbs(hook.DataDir):
		return fmt.Errorf("--data-dir %q must be an absolute path", hook.DataDir)
	case command == "base-spec" && len(operands) == 2:
		return baseSpec(flags, operands[1], stdin, stdout)
	case len(operands) > 1 || command != "" && command != "createContainer":
		return fmt.Errorf("unknown arguments %q, it is a hook for createContainer (see --help)", operands)
	}
	if *verbose {
		hook.Verbosef = printf
	}
	var state specs.State
	if err := json.NewDecoder(stdin).Decode(&state); err != nil {
		return fmt.Errorf("decode the container's state on stdin: %w", err)
	}
	return hook.CreateContainer(&state)
}

// parse parses flags wherever they stand, and returns what else there is.
func parse(flags *flag.FlagSet, args []string) (operands []string, err error) {
	for {
		if err := flags.Parse(args); err != nil {
			return nil, err
		}
		if args = flags.Args(); len(args) == 0 {
			return operands, nil
		}
		operands, args = append(operands, args[0]), args[1:]
	}
}
