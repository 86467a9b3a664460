package command

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	specs "github.com/opencontainers/runtime-spec/specs-go"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/etcfiles/etcfiles/pkg/cli"
	"github.com/etcfiles/etcfiles/pkg/containerdconf"
	"github.com/etcfiles/etcfiles/pkg/ocispec"
	"github.com/etcfiles/etcfiles/pkg/ocistate"
	"github.com/etcfiles/etcfiles/pkg/safefile"
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

const baseSpecExample = `  ctr oci spec |
    etcfiles-mount base-spec --config /etc/containerd/config.toml /etc/containerd/etcfiles.json`

func baseSpecCommand(flags *pflag.FlagSet) *cobra.Command {
	config, adopt := "", ""
	cmd := &cobra.Command{
		Use:   "base-spec FILE",
		Short: "Write a base_runtime_spec for containerd",
		Long: `Write containerd's default configuration of a container, which is to be on stdin, with this hook and the given flags in
it to FILE, an absolute path. The process.rlimits of the default are left out, since CRI gives pods none; limits that every
container is to have can be added to FILE. It also gets the hook "etcfiles adopt", see etcfiles(8), by which pods keep the FQDN and the hostAliases
of the kubelet's hosts file: the etcfiles that --adopt names, else the one beside this program, in $PATH or in a directory of CNI plugins.

With --config make FILE the base_runtime_spec of the default runtime handler in containerd's config.toml, and change nothing else
there; to do it twice is to do it once. Without it print what config.toml needs, for containerd 1.x and 2.x. In both cases
containerd is to be restarted.`,
		Example: baseSpecExample,
		Args:    cli.Operands("the file to write"),
		RunE: func(cmd *cobra.Command, args []string) error {
			path := args[0]
			if !filepath.IsAbs(path) {
				return fmt.Errorf("base-spec %q must be an absolute path: it goes into containerd's configuration", path)
			}
			adopt, err := adoptProgram(cmd.ErrOrStderr(), adopt)
			if err != nil {
				return err
			}
			spec, err := baseSpec(flags, cmd.InOrStdin(), adopt)
			if err != nil {
				return err
			}
			if config == "" {
				if err := safefile.Replace(path, spec, 0o644, false); err != nil {
					return err
				}
				fmt.Fprintf(cmd.OutOrStdout(), configLines, path)
				return nil
			}
			c, err := readConfig(config)
			if err != nil {
				return err
			}
			edited, err := containerdconf.SetBaseSpec(c.text, path)
			if err != nil {
				return fmt.Errorf("%s: %w", config, err)
			}
			if err := safefile.Replace(path, spec, 0o644, false); err != nil {
				return err
			}
			if err := c.replace(edited); err != nil {
				return err
			}
			all, err := containerdconf.Look(edited)
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s: the runtime handler %s has base_runtime_spec = %q. Restart containerd.\n", config, all.Handler, path)
			return nil
		},
	}
	cmd.Flags().StringVar(&adopt, "adopt", "", "the `program` etcfiles, an absolute path, or none for no such hook (default the one that is found)")
	cmd.Flags().StringVar(&config, "config", "", "containerd's `config.toml`, which is made if it is not there")
	return cmd
}

// configFile is containerd's configuration.
type configFile struct {
	path string // with no link in it, so that a link to it stays one
	text []byte
	mode os.FileMode
}

// readConfig reads containerd's configuration; one that is not there is empty.
func readConfig(path string) (*configFile, error) {
	resolved, err := filepath.EvalSymlinks(path)
	if errors.Is(err, os.ErrNotExist) {
		return &configFile{path: path, mode: 0o644}, nil
	}
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(resolved)
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(resolved)
	return &configFile{resolved, text, info.Mode().Perm()}, err
}

// replace writes the configuration if it is another one now.
func (c *configFile) replace(text []byte) error {
	if bytes.Equal(text, c.text) {
		return nil
	}
	return safefile.Replace(c.path, text, c.mode, false)
}

// baseSpec returns the configuration on stdin, which is containerd's default, with this hook. A container of CRI gets mounts for the
// three files from CRI itself, so the hook is to override them. CRI drops the rlimits of its default specification only where it has no
// base specification; kept in one, they would limit every container.
func baseSpec(flags *pflag.FlagSet, stdin io.Reader, adopt string) ([]byte, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	in, err := io.ReadAll(stdin)
	if err != nil {
		return nil, err
	}
	if len(in) == 0 {
		return nil, errors.New("base-spec: stdin is empty: pipe the output of `ctr oci spec` of the containerd that is to use it into this")
	}
	hook := ocispec.StagedHook{Stage: ocispec.CreateContainer, Hook: specs.Hook{Path: self}}
	adoption := ocispec.StagedHook{Stage: ocispec.CreateRuntime, Hook: specs.Hook{Path: adopt, Args: []string{"adopt"}}}
	flags.VisitAll(func(f *pflag.Flag) {
		if !f.Changed || f.Name == "override" {
			return
		}
		arg := "--" + f.Name + "=" + f.Value.String()
		hook.Args = append(hook.Args, arg)
		if slices.Contains([]string{"data-dir", "namespace", flagSandbox}, f.Name) {
			adoption.Args = append(adoption.Args, arg)
		}
	})
	if !flags.Changed(flagSandbox) {
		arg := "--" + flagSandbox + "=" + ocistate.CRISandboxAnnotation
		hook.Args, adoption.Args = append(hook.Args, arg), append(adoption.Args, arg)
	}
	hook.Args = append(hook.Args, "--override", ocispec.CreateContainer)
	hooks := []ocispec.StagedHook{hook}
	if adopt != "" && flags.Lookup(flagSandbox).Value.String() != ocistate.NoSandboxAnnotation {
		hooks = append(hooks, adoption)
	}
	out, err := ocispec.Edit{Hooks: hooks, Unlimited: true}.JSON(in)
	if err != nil {
		return nil, fmt.Errorf("base-spec: the configuration on stdin: %w", err)
	}
	return append(out, '\n'), nil
}
