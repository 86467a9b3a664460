// Command etcfiles is a CNI chained meta-plugin: placed last in a conflist, it writes /etc/hosts, /etc/resolv.conf and
// /etc/hostname of each container, so that every container on a network finds every other by name. See the CNI
// specification, https://www.cni.dev/docs/spec/.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"

	"github.com/containernetworking/cni/pkg/skel"
	"github.com/containernetworking/cni/pkg/types"
	cniversion "github.com/containernetworking/cni/pkg/version"
	"golang.org/x/sys/unix"

	"github.com/etcfiles/etcfiles/plugins/meta/etcfiles/admin"
	_ "github.com/etcfiles/etcfiles/plugins/meta/etcfiles/stack"
)

// version is stamped by the build.
var version = "unknown"

// A plugin that lives for milliseconds needs no garbage collection, but for the repair of a large namespace.
const memoryLimit = 88 << 20

func main() {
	if os.Getenv("CNI_COMMAND") == "" {
		if len(os.Args) == 1 && os.Getenv("CNI_CONTAINERID") != "" {
			(&plugin{stdout: os.Stdout, stderr: os.Stderr}).fail(
				types.NewError(types.ErrInvalidEnvironmentVariables, "CNI_COMMAND is missing", ""))
		}
		os.Exit(admin.Run(version, os.Args[1:], os.Stdout, os.Stderr))
	}
	debug.SetGCPercent(-1)
	debug.SetMemoryLimit(memoryLimit)
	// Go ends a program at its first write after the reader of its stderr has gone: an operation must not die of a warning.
	signal.Ignore(unix.SIGPIPE)
	p := &plugin{stdout: os.Stdout, stderr: os.Stderr, override: overridden(os.Getenv("CNI_NETNS_OVERRIDE"))}
	if err := p.call(os.Stdin); err != nil {
		p.fail(err)
	}
}

// call does what the environment says, see the CNI specification, with the configuration on stdin.
func (p *plugin) call(stdin io.Reader) error {
	f, err := p.boundedStdin(stdin)
	if err != nil {
		return err
	}
	os.Stdin = f
	// skel compares CNI_NETNS with the plugin's own network namespace after the operation, also of a DEL, which must not fail.
	if err := os.Setenv("CNI_NETNS_OVERRIDE", "1"); err != nil {
		return err
	}
	if err := skel.PluginMainFuncsWithError(p.funcs(interruptibly(context.Background())), versions, "CNI etcfiles plugin "+version); err != nil {
		return err
	}
	return nil
}

// versions are those of the specification that the plugin speaks.
var versions = cniversion.VersionsStartingFrom("0.3.0")

// fail prints the error as the specification wants it and ends the process.
func (p *plugin) fail(err error) {
	e := cniError(err)
	if printErr := printError(p.stdout, p.version, e); printErr != nil {
		fmt.Fprintf(p.stderr, "etcfiles: %v; the error could not be printed on stdout: %v\n", e, printErr)
	}
	os.Exit(1)
}
