package command

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	specs "github.com/opencontainers/runtime-spec/specs-go"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/etcfiles/etcfiles/pkg/ocispec"
)

// configLines are what containerd's config.toml needs, in the form of version 3 (containerd 2.x) and of version 2. Each
// containerd passes over the lines that are not for it. To containerd 1.x a table without runtime_type is a handler without one.
const configLines = `
# For containerd's config.toml, which is to be restarted then. If it has one of these tables, add base_runtime_spec there.
# version = 3 or later (containerd 2.x):
[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
  base_runtime_spec = %[1]q
# version = 2 (containerd 1.x):
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
  base_runtime_spec = %[1]q
`

func baseSpecCommand(flags *pflag.FlagSet) *cobra.Command {
	return &cobra.Command{
		Use:   "base-spec FILE",
		Short: "Write a base_runtime_spec for containerd",
		Long: `Write containerd's default configuration of a container, which is to be on stdin, with this hook and the given flags in
it to FILE, an absolute path, and print what containerd's config.toml needs, for containerd 1.x and 2.x. The process.rlimits of
the default are left out, since CRI gives pods none; limits that every container is to have can be added to FILE.`,
		Example: "  ctr oci spec | etcfiles-mount base-spec /etc/containerd/etcfiles.json >>/etc/containerd/config.toml",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return baseSpec(flags, args[0], cmd.InOrStdin(), cmd.OutOrStdout())
		},
	}
}

// baseSpec puts this hook into the configuration on stdin, which is containerd's default, and writes that to the path. A
// container of CRI gets mounts for the three files from CRI itself, so the hook is to override them. CRI drops the rlimits of its
// default specification only where it has no base specification; kept in one, they would limit every container.
func baseSpec(flags *pflag.FlagSet, path string, stdin io.Reader, stdout io.Writer) error {
	if !filepath.IsAbs(path) {
		return fmt.Errorf("base-spec %q must be an absolute path: it goes into containerd's configuration", path)
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	in, err := io.ReadAll(stdin)
	if err != nil {
		return err
	}
	if len(in) == 0 {
		return errors.New("base-spec: stdin is empty: pipe the output of `ctr oci spec` of the containerd that is to use it into this")
	}
	hook := ocispec.StagedHook{Stage: ocispec.CreateContainer, Hook: specs.Hook{Path: self}}
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Changed && f.Name != "override" {
			hook.Args = append(hook.Args, "--"+f.Name+"="+f.Value.String())
		}
	})
	hook.Args = append(hook.Args, "--override", ocispec.CreateContainer)
	out, err := ocispec.Edit{Hooks: []ocispec.StagedHook{hook}, Unlimited: true}.JSON(in)
	if err != nil {
		return fmt.Errorf("base-spec: the configuration on stdin: %w", err)
	}
	if err := ocispec.Replace(path, append(out, '\n'), 0o644); err != nil {
		return err
	}
	fmt.Fprintf(stdout, configLines, path)
	return nil
}
