// Command etcfiles-nri is a plugin of containerd's Node Resource Interface that mounts the hosts, resolv.conf and hostname
// files that etcfiles keeps for a pod into the pod's containers, in place of those of CRI. See
// https://github.com/containerd/nri.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/containerd/nri/pkg/stub"
)

// version is stamped by the build.
var version = "unknown"

const usage = `usage: etcfiles-nri            (by containerd, as a pre-installed NRI plugin)
       etcfiles-nri --idx 10   (by etcfiles-nri.service, or by hand: connect to a running containerd)
       etcfiles-nri version

Install it as /opt/nri/plugins/10-etcfiles-nri. Its settings, if any, are JSON in
/etc/nri/conf.d/10-etcfiles-nri.conf: {"dataDir": "/var/lib/etcfiles", "namespace": "k8s.io"}
`

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "etcfiles-nri: %s\n", strings.ReplaceAll(err.Error(), "\n", " "))
		os.Exit(1)
	}
}

func run(args []string) error {
	options := []stub.Option{stub.WithOnClose(func() {})} // containerd has ended: Run returns
	switch {
	case len(args) == 1 && args[0] == "version":
		fmt.Println("etcfiles-nri", version)
		return nil
	case len(args) == 2 && args[0] == "--idx":
		options = append(options, stub.WithPluginName("etcfiles-nri"), stub.WithPluginIdx(args[1]))
	case len(args) > 0:
		fmt.Print(usage)
		return nil
	}
	s, err := stub.New(newPlugin(), options...)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) // a reader of stderr that has gone must not end it
	if err := s.Run(ctx); err != nil && ctx.Err() == nil {
		return fmt.Errorf("containerd: %w", err)
	}
	return nil
}
