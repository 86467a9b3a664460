// Command oci-cni-hook is an OCI hook (runtime-spec, config.md, POSIX-platform Hooks) that gives a container of runc or
// crun its networks: at createRuntime it runs the ADD of a CNI chain for the container's network namespace, at poststop
// the DEL. Run by hand it cleans up what a killed runtime left, and puts itself into a bundle.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	specs "github.com/opencontainers/runtime-spec/specs-go"

	"github.com/etcfiles/etcfiles/pkg/ocihook"
	"github.com/etcfiles/etcfiles/pkg/ocistate"
)

// version is stamped by the build.
var version = "unknown"

// Exit codes.
const (
	exitOK = iota
	exitFailed
	exitUsage
)

func main() {
	if os.Getenv("PATH") == "" { // plugins look for iptables in it, and a runtime may give none
		_ = os.Setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
	}
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run is the program. It returns the exit code.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	o, rest, err := parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(stdout, usage)
		return exitOK
	case err != nil:
		fmt.Fprintf(stderr, "oci-cni-hook: %v (see oci-cni-hook --help)\n", err)
		return exitUsage
	case len(rest) == 0:
		fmt.Fprint(stderr, usage)
		return exitUsage
	}
	switch command, operands := rest[0], rest[1:]; {
	case command == "help":
		fmt.Fprint(stdout, usage)
	case command == "version":
		fmt.Fprintln(stdout, "oci-cni-hook", version)
	case command == "spec" && (len(operands) == 1) == (o.hooksD == ""):
		err = runSpec(o, operands, stdout)
	case command == "gc" && len(operands) == 0:
		err = runGC(o, stdout)
	case (command == "createRuntime" || command == "poststop" || command == "hook") && len(operands) == 0:
		err = runStage(o, command, stdin)
	default:
		fmt.Fprintf(stderr, "oci-cni-hook: %s: unknown command, or not as many operands as it takes (see oci-cni-hook --help)\n", strings.Join(rest, " "))
		return exitUsage
	}
	if err != nil {
		fmt.Fprintf(stderr, "oci-cni-hook: %s\n", ocihook.OneLine(err))
		return exitFailed
	}
	return exitOK
}

// runStage runs a stage of a container's life; the stage "hook" is the one that the container's state says.
func runStage(o *options, stage string, stdin io.Reader) error {
	c, err := ocistate.Read(stdin, o.namespace)
	if err != nil {
		return err
	}
	if stage == "poststop" || stage == "hook" && c.Status == specs.StateStopped {
		return o.hook().Poststop(context.Background(), c)
	}
	return o.hook().CreateRuntime(context.Background(), c)
}

func runGC(o *options, stdout io.Writer) error {
	return o.hook().GC(context.Background(), func(cniID string, attachments []string) {
		fmt.Fprintf(stdout, "%s: removed %s\n", cniID, cmp.Or(strings.Join(attachments, " "), "its pin"))
	})
}
