// Command etcfiles-mount is an OCI hook for the stage createContainer: it mounts the hosts, resolv.conf and hostname files
// that etcfiles keeps for the container over /etc/… in its rootfs. See the OCI runtime specification,
// https://github.com/opencontainers/runtime-spec/blob/main/config.md#posix-platform-hooks.
package main

import (
	"os"

	"golang.org/x/sys/unix"

	"github.com/etcfiles/etcfiles/pkg/cli"
	"github.com/etcfiles/etcfiles/plugins/hook/etcfiles-mount/command"
)

// version is stamped by the build.
var version = "unknown"

func main() {
	cli.OutliveReaders()
	unix.Umask(0o022) // what is created in a rootfs is for every user of the container
	os.Exit(command.Run(version, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
