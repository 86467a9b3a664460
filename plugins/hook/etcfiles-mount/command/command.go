// Package command is the command line of etcfiles-mount. The text of --help, the man page etcfiles-mount(8) and the shell
// completions all come from it.
package command

import (
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"

	"github.com/opencontainers/runtime-spec/specs-go"
	"github.com/spf13/cobra"

	"github.com/etcfiles/etcfiles/pkg/cli"
	"github.com/etcfiles/etcfiles/pkg/ocimount"
)

const program = "etcfiles-mount"

const exitFailed = 1

// Run is the program. args are without its name; it returns the exit code: 0, 1 when it failed, 2 for a wrong command line.
func Run(version string, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	return cli.Run(Command(version), exitFailed, args, stdin, stdout, stderr)
}

// Command returns the tree of commands.
func Command(version string) *cobra.Command {
	hook := &ocimount.Hook{}
	verbose := false
	createContainer := func(cmd *cobra.Command, _ []string) error {
		printf := func(format string, args ...any) {
			fmt.Fprintf(cmd.ErrOrStderr(), program+": "+format+"\n", args...)
		}
		hook.Warnf, hook.Verbosef = printf, func(string, ...any) {}
		if verbose {
			hook.Verbosef = printf
		}
		var state specs.State
		if err := json.NewDecoder(cmd.InOrStdin()).Decode(&state); err != nil {
			return fmt.Errorf("decode the container's state on stdin: %w", err)
		}
		return hook.CreateContainer(&state)
	}
	root := &cobra.Command{
		Use:   program,
		Short: "Mount a container's hosts, resolv.conf and hostname",
		Long: `etcfiles-mount is an OCI hook for the stage createContainer: it mounts the container's hosts, resolv.conf and hostname from
the store over /etc/... in its rootfs. A runtime runs it with the state of the container on stdin, see runtime-spec,
config.md, POSIX-platform Hooks.`,
		Example: baseSpecExample,
		Args:    cobra.NoArgs,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			if !filepath.IsAbs(hook.DataDir) {
				return cli.Misuse(cmd, "--data-dir %q must be an absolute path", hook.DataDir)
			}
			return nil
		},
		RunE: createContainer,
	}
	flags := root.PersistentFlags()
	flags.SortFlags = false
	flags.StringVar(&hook.DataDir, "data-dir", "/var/lib/etcfiles", "the store, a `directory`")
	flags.StringVar(&hook.Namespace, "namespace", "", "its `namespace` (default k8s.io for a container of a pod, else from containerd's bundle path, else default)")
	flags.Var((*sandboxAnnotation)(&hook.SandboxAnnotation), flagSandbox, "the one that says which pod a container is of, or none (default CRI's and CRI-O's)")
	flags.BoolVar(&hook.Override, "override", false, "mount also over what the engine itself mounts at one of the three")
	flags.BoolVar(&hook.HostNetwork, "host-network", false, "mount the host's own three files, read-only, in a container that is in the host's network and of no pod")
	flags.BoolVar(&verbose, "verbose", false, "say on stderr what is done")
	root.AddCommand(
		&cobra.Command{
			Use:     "createContainer",
			Short:   "Mount the files: the same as without a command",
			Example: "  etcfiles-mount createContainer <state.json",
			Args:    cobra.NoArgs,
			RunE:    createContainer,
		},
		baseSpecCommand(flags),
	)
	return cli.Program(root, version)
}
