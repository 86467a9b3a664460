// Command oci-cni-hook is an OCI hook (runtime-spec, config.md, POSIX-platform Hooks) that gives a container of runc or
// crun its networks: at createRuntime it runs the ADD of a CNI chain for the container's network namespace, at poststop
// the DEL. Run by hand it cleans up what a killed runtime left, and puts itself into a bundle.
package main

import (
	"os"

	"github.com/etcfiles/etcfiles/pkg/cli"
	"github.com/etcfiles/etcfiles/plugins/hook/oci-cni-hook/command"
)

// version is stamped by the build.
var version = "unknown"

func main() {
	cli.OutliveReaders()
	if os.Getenv("PATH") == "" { // plugins look for iptables in it, and a runtime may give none
		_ = os.Setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
	}
	os.Exit(command.Run(version, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
