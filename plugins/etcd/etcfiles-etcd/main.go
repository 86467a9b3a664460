// Command etcfiles-etcd shares the names of containers between hosts through etcd: it publishes those of this host, and puts those of the others into the
// store of etcfiles, whose hosts files have them then. It is a service beside the plugin, and in the path of no container's start.
package main

import (
	"os"

	"github.com/etcfiles/etcfiles/pkg/cli"
	"github.com/etcfiles/etcfiles/plugins/etcd/etcfiles-etcd/command"
)

// version is stamped by the build.
var version = "unknown"

func main() {
	cli.OutliveReaders()
	os.Exit(command.Run(version, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
