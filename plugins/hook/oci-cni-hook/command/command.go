// Package command is the command line of oci-cni-hook. The text of --help, the man page oci-cni-hook(8) and the shell
// completions all come from it.
package command

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	specs "github.com/opencontainers/runtime-spec/specs-go"
	"github.com/spf13/cobra"

	"github.com/etcfiles/etcfiles/pkg/cli"
	"github.com/etcfiles/etcfiles/pkg/ocihook"
	"github.com/etcfiles/etcfiles/pkg/ocistate"
)

const program = "oci-cni-hook"

const exitFailed = 1

// Run is the program. args are without its name; it returns the exit code: 0, 1 when it failed, 2 for a wrong command line,
// 3 for gc, ls and rm when they are not run by root.
func Run(version string, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	return cli.Run(Command(version), exitFailed, args, stdin, stdout, stderr)
}

// Command returns the tree of commands.
func Command(version string) *cobra.Command {
	o := &options{}
	root := &cobra.Command{
		Use:   program,
		Short: "Give a container of runc or crun its networks",
		Long: `oci-cni-hook is an OCI hook: at createRuntime it runs the ADD of a CNI chain for the container's network namespace, at
poststop the DEL. Run by hand it puts itself into a bundle, shows what it has recorded of containers, and cleans up what
a killed runtime left.`,
		Example: "  runc spec && oci-cni-hook spec --network lab --name web . && runc run web",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := cmd.Help(); err != nil {
				return err
			}
			if spoken(cmd.InOrStdin()) { // by a runtime, whose container is not to start without its networks
				return cli.Misuse(cmd, "want a command: createRuntime, poststop, hook, gc, ls, rm or spec")
			}
			return nil
		},
	}
	o.addTo(root.PersistentFlags())
	_ = root.RegisterFlagCompletionFunc("networks", o.completeNetworks)
	gc, ls, rm := o.gcCommand(), o.lsCommand(), o.rmCommand()
	cli.Waiting(gc, rm)
	cli.AsRoot(nil, gc, ls, rm)
	root.AddCommand(
		o.stageCommand("createRuntime", "Attach the container to its networks: CNI ADD",
			"By an OCI runtime, with the state of the container on stdin, see runtime-spec, config.md, POSIX-platform Hooks. It\n"+
				"refuses a container that runs already."),
		o.stageCommand("poststop", "Detach the container: CNI DEL",
			"By an OCI runtime, with the state of the container on stdin. It does not fail on what has gone already,\n"+
				"but if the container's process lives."),
		o.stageCommand("hook", "The one of the two that the state's status calls for",
			"For hooks.d, see oci-hooks(5), where all stages of a hook have the same arguments."),
		gc, ls, rm, o.specCommand(),
	)
	return cli.Program(root, version)
}

// stageCommand runs a stage of a container's life; the stage hook is the one that the container's state says.
func (o *options) stageCommand(stage, short, long string) *cobra.Command {
	return &cobra.Command{
		Use:     stage,
		Short:   short,
		Long:    short + ".\n" + long,
		Example: "  oci-cni-hook " + stage + " <state.json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := ocistate.Read(cmd.InOrStdin(), o.namespace)
			if err != nil {
				return err
			}
			ctx, stop := cli.UntilSignal(cmd.Context())
			defer stop()
			if stage == "poststop" || stage == "hook" && c.Status == specs.StateStopped && !ocistate.Restored(&c.State) {
				return o.hook().Poststop(ctx, c)
			}
			return o.hook().CreateRuntime(ctx, c)
		},
	}
}

func (o *options) gcCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "gc",
		Short: "Clean up after containers whose runtime was killed",
		Long: `Detach the containers whose network namespace no process has and whose own process has ended, and let their pins go. It
never touches one that lives, and says whom it passes over since a hook, or a plugin of one that was killed, is at work on
it. For a timer. Only root can do it; for others the exit code is 3.`,
		Example: "  oci-cni-hook gc",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.hook().GC(cmd.Context(), func(c ocihook.Collected) {
				if c.PassedOver != nil {
					fmt.Fprintf(cmd.OutOrStdout(), "%s: passed over: %v\n", c.CNIID, c.PassedOver)
					return
				}
				printRemoved(cmd.OutOrStdout(), c.CNIID, c.Attachments)
			})
		},
	}
}

func printRemoved(w io.Writer, cniID string, attachments []string) {
	fmt.Fprintf(w, "%s: removed %s\n", cniID, cmp.Or(strings.Join(attachments, " "), "its pin"))
}
