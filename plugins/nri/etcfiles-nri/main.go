// Command etcfiles-nri is a plugin of containerd's Node Resource Interface that mounts the hosts, resolv.conf and hostname
// files that etcfiles keeps for a pod into the pod's containers, in place of those of CRI. See
// https://github.com/containerd/nri.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/containerd/nri/pkg/api"
	"github.com/containerd/nri/pkg/stub"
	"github.com/spf13/cobra"

	"github.com/etcfiles/etcfiles/pkg/cli"
)

// version is stamped by the build.
var version = "unknown"

const program = "etcfiles-nri"

const exitFailed = 1

func main() {
	cli.OutliveReaders()
	os.Exit(run(version, os.Args[1:], os.Stdout, os.Stderr))
}

// run is the program. args are without its name; it returns the exit code: 0, 1 when it failed, 2 for a wrong command line.
func run(version string, args []string, stdout, stderr io.Writer) int {
	return cli.Run(command(version), exitFailed, args, os.Stdin, stdout, stderr)
}

func command(version string) *cobra.Command {
	index := ""
	root := &cobra.Command{
		Use:   program,
		Short: "Mount the files of etcfiles into the containers of pods",
		Long: `etcfiles-nri is a plugin of containerd's Node Resource Interface. Install it as /opt/nri/plugins/10-etcfiles-nri, and containerd starts
it; with --idx, as in etcfiles-nri.service or by hand, it connects to the containerd that runs.

Its settings, if any, are JSON in /etc/nri/conf.d/10-etcfiles-nri.conf:

  {"dataDir": "/var/lib/etcfiles", "namespace": "k8s.io"}`,
		Example: "  etcfiles-nri --idx 10",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			options := []stub.Option{stub.WithOnClose(func() {})} // containerd has ended: Run returns
			if cmd.Flags().Changed("idx") {
				if api.CheckPluginIndex(index) != nil {
					return cli.Misuse(cmd, "--idx %q: want two digits, such as 10", index)
				}
				options = append(options, stub.WithPluginName(program), stub.WithPluginIdx(index))
			} else if !named() {
				return cli.Misuse(cmd, "containerd starts it as /opt/nri/plugins/10-etcfiles-nri; by hand give --idx, such as --idx 10")
			}
			return serve(options)
		},
	}
	root.Flags().StringVar(&index, "idx", "", "connect to the containerd that runs, as plugin `NN`-etcfiles-nri; plugins are called in the order of these two digits")
	return cli.Program(root, version)
}

// named reports whether containerd has said which plugin this is: in the environment, or by the name of the program.
func named() bool {
	_, _, err := api.ParsePluginName(filepath.Base(os.Args[0]))
	return err == nil || os.Getenv(api.PluginIdxEnvVar) != ""
}

// serve is a plugin until containerd ends, or a signal ends it.
func serve(options []stub.Option) error {
	s, err := stub.New(newPlugin(), options...)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := s.Run(ctx); err != nil && ctx.Err() == nil {
		return fmt.Errorf("containerd: %w", err)
	}
	return nil
}
