package command

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	specs "github.com/opencontainers/runtime-spec/specs-go"
	"github.com/spf13/cobra"

	"github.com/etcfiles/etcfiles/pkg/cli"
	"github.com/etcfiles/etcfiles/pkg/names"
	"github.com/etcfiles/etcfiles/pkg/ocihook"
	"github.com/etcfiles/etcfiles/pkg/ocispec"
	"github.com/etcfiles/etcfiles/pkg/ocistate"
)

// spec is the command that edits a bundle, or prints what would be in hooks.d.
type spec struct {
	*options
	cmd                         *cobra.Command
	annotations                 []annotation
	capabilities                []string
	hostname, mountHook, hooksD string
	dataDir                     directory
	override                    bool
}

// annotation is a flag that becomes an annotation of the bundle.
type annotation struct {
	flag, key, operand, usage string
	list
}

// Type names the operand in --help.
func (a *annotation) Type() string { return a.operand }

// Set takes a value that is not empty: an empty one is a variable of a shell that is not set, and the container would be another than the one that is
// asked for.
func (a *annotation) Set(s string) error {
	before := len(a.list)
	if err := a.list.Set(s); err != nil || len(a.list) > before {
		return err
	}
	return errEmpty
}

var errEmpty = errors.New("it is empty: give a value, or leave the flag out")

const (
	flagNetwork    = "network"
	flagName       = "name"
	flagDomainname = "domainname"
	flagPublish    = "publish"
	flagNetns      = "netns"
)

func (o *options) specCommand() *cobra.Command {
	s := &spec{options: o, annotations: []annotation{
		{flag: flagNetwork, key: ocihook.AnnotationNetworks, operand: "name", usage: "join the network*"},
		{flag: flagName, key: ocihook.AnnotationName, operand: "name", usage: "the container's name; also its hostname, unless the bundle has one or shares a UTS namespace"},
		{flag: flagDomainname, key: ocihook.AnnotationDomainname, operand: "domain", usage: "its domain name, also in its UTS namespace unless it shares that"},
		{flag: "alias", key: ocihook.AnnotationAliases, operand: "name", usage: "a further name*"},
		{flag: "extra-host", key: ocihook.AnnotationExtraHosts, operand: "name:ip", usage: "a name for itself only; host-gateway stands for the gateway*"},
		{flag: flagPublish, key: ocihook.AnnotationPorts, operand: "[hostip:]hostport:port[/tcp|udp|sctp]", usage: "a port of the host that leads to one of the container, or two ranges of the same length*"},
		{flag: "ip", key: ocihook.AnnotationIP, operand: "[network=]address", usage: "its address*"},
		{flag: "mac", key: ocihook.AnnotationMAC, operand: "[network=]address", usage: "its hardware address*"},
		{flag: "arg", key: ocihook.AnnotationArgs, operand: "key=value", usage: "one of CNI_ARGS*"},
		{flag: flagNetns, key: ocihook.AnnotationNetns, operand: "path", usage: "its network namespace, where its process does not show it (VMs); implies --allow-netns"},
		{flag: "dns", key: ocihook.AnnotationDNS, operand: "address", usage: "a nameserver*"},
		{flag: "dns-search", key: ocihook.AnnotationDNSSearch, operand: "domain", usage: "a search domain*"},
		{flag: "dns-option", key: ocihook.AnnotationDNSOptions, operand: "option", usage: "an option of resolv.conf*"},
	}}
	s.cmd = &cobra.Command{
		Use:   "spec [BUNDLE]",
		Short: "Put the hooks and annotations into BUNDLE/config.json",
		Long: `Put the hooks and annotations into BUNDLE/config.json and change nothing else there; or, with --hooks-d, print a file for
hooks.d. The flags marked * may be given several times. What the container would not start with is refused before anything
is written. Annotations that an earlier spec has written, and that the flags do not say, go.`,
		Example: `  runc spec && oci-cni-hook spec --network lab --name web . && runc run web
  oci-cni-hook spec --hooks-d mount >/etc/containers/oci/hooks.d/etcfiles-mount.json`,
		Args: cli.OneOperandAtMost,
		RunE: func(cmd *cobra.Command, operands []string) error {
			if (len(operands) == 1) != (s.hooksD == "") || slices.Contains(operands, "") {
				return cli.Misuse(cmd, "want a BUNDLE, or --hooks-d without one")
			}
			for _, name := range []string{"hostname", "networks", "namespace"} {
				if f := cmd.Flags().Lookup(name); f.Changed && f.Value.String() == "" {
					return cli.Misuse(cmd, "--%s: %w", name, errEmpty)
				}
			}
			return s.run(operands, cmd.OutOrStdout())
		},
	}
	flags := s.cmd.Flags()
	flags.SortFlags = false
	for i := range s.annotations {
		a := &s.annotations[i]
		flags.Var(a, a.flag, a.usage)
	}
	_ = s.cmd.RegisterFlagCompletionFunc(flagNetwork, o.completeNetworks)
	flags.StringArrayVar(&s.capabilities, "capability", nil, "a value for plugins, `[network=]capability=JSON`*")
	flags.StringVar(&s.hostname, "hostname", "", "the bundle's `hostname`")
	flags.StringVar(&s.mountHook, "mount-hook", "", "`path` of etcfiles-mount, \"\" for none (default the one beside this program)")
	flags.Var(&s.dataDir, "data-dir", "for etcfiles-mount: data directory of the etcfiles plugin (default /var/lib/etcfiles)")
	flags.BoolVar(&s.override, "override", false, "have etcfiles-mount mount also over what the engine itself mounts there")
	flags.StringVar(&s.hooksD, "hooks-d", "", "print the oci-hooks(5) JSON of this hook (`cni`) or of etcfiles-mount (mount)")
	return s.cmd
}

func (s *spec) run(operands []string, stdout io.Writer) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	if s.cmd.Flags().Changed(flagNetns) && !s.flags.Changed(flagAllowNetns) {
		if err := s.flags.Set(flagAllowNetns, "true"); err != nil {
			return err
		}
	}
	if !s.flags.Changed(flagAllow) {
		allow := ocihook.AllowBundle
		if s.hooksD != "" {
			allow = ocihook.Allow{}
		}
		if err := s.flags.Set(flagAllow, allow.String()); err != nil {
			return err
		}
	}
	cni := func(stage string) ocispec.StagedHook {
		return ocispec.StagedHook{Stage: stage, Hook: specs.Hook{Path: self, Args: append(s.hookArgs(), stage)}}
	}
	if s.hooksD == "cni" {
		return printHooksD(stdout, cni("hook").Hook, "^"+ocihook.AnnotationNetworks+"?$", ocispec.CreateRuntime, ocispec.Poststop)
	}
	mount, err := s.mount(self)
	if err != nil {
		return err
	}
	switch s.hooksD {
	case "":
	case "mount":
		if mount == nil {
			return errors.New("--hooks-d mount: --mount-hook is empty: name etcfiles-mount with it")
		}
		return printHooksD(stdout, mount.Hook, "", ocispec.CreateContainer)
	default:
		return cli.Misuse(s.cmd, "--hooks-d %s: it prints cni or mount", s.hooksD)
	}
	edit := ocispec.Edit{
		Hooks:    []ocispec.StagedHook{cni(ocispec.CreateRuntime), cni(ocispec.Poststop)},
		Hostname: s.hostname, Annotations: map[string]string{}, Networked: true,
	}
	if mount != nil {
		edit.Hooks = append(edit.Hooks, *mount)
	}
	if err := s.check(); err != nil {
		return err
	}
	for _, a := range s.annotations {
		edit.Annotations[a.key] = a.String()
		switch a.flag {
		case flagName:
			edit.Name = ocispec.Annotated{Annotation: a.key, Value: a.String()}
		case flagDomainname:
			edit.Domainname = ocispec.Annotated{Annotation: a.key, Value: a.String()}
		}
	}
	if edit.Annotations[ocihook.AnnotationCapabilities], err = capabilities(s.capabilities); err != nil {
		return err
	}
	edit.Check = func(annotations map[string]string) error {
		return s.hook().CheckAnnotations(filepath.Base(operands[0]), annotations)
	}
	return edit.Apply(operands[0])
}

// check refuses what the start of the container would end with, and says of a name which the container starts without that it
// has none.
func (s *spec) check() error {
	for i := range s.annotations {
		a := &s.annotations[i]
		if single := a.flag == flagName || a.flag == flagDomainname || a.flag == flagNetns; single && len(a.list) > 1 {
			return fmt.Errorf("--%s %s: give one", a.flag, a)
		}
		if _, err := ocihook.ParsePorts(a.String()); err != nil && a.flag == flagPublish {
			return fmt.Errorf("--%s: %w", a.flag, err)
		}
		for _, value := range a.list {
			err := ocihook.CheckValue(a.key, value)
			var unusable *names.UnusableError
			switch {
			case errors.As(err, &unusable):
				fmt.Fprintf(s.cmd.ErrOrStderr(), "%s: warning: --%s: %v: no container will find it\n", program, a.flag, err)
			case err != nil:
				return fmt.Errorf("--%s: %w", a.flag, err)
			}
		}
	}
	if err := ocihook.CheckValue(ocihook.AnnotationHostname, s.hostname); err != nil {
		return fmt.Errorf("--hostname: %w", err)
	}
	return nil
}

// capabilities returns the annotation that has the values of [NETWORK=]CAPABILITY=JSON.
func capabilities(given []string) (string, error) {
	values := map[string]json.RawMessage{}
	for _, s := range given {
		i := strings.IndexAny(s, "{[\"") // what JSON values of capabilities begin with; names have none of them
		if i < 1 {
			i = strings.LastIndex(s, "=") + 1 // a number, true or false
		}
		key, ok := strings.CutSuffix(s[:max(i, 0)], "=")
		if !ok || key == "" || !json.Valid([]byte(s[i:])) {
			return "", fmt.Errorf(`--capability %s: want [network=]capability=JSON, such as bandwidth={"ingressRate":1000000}`, s)
		}
		values[key] = json.RawMessage(s[i:])
	}
	if len(values) == 0 {
		return "", nil
	}
	b, err := json.Marshal(values)
	return string(b), err
}

// mount returns the hook etcfiles-mount, nil if there is to be none.
func (s *spec) mount(self string) (*ocispec.StagedHook, error) {
	path := s.mountHook
	if !s.cmd.Flags().Changed("mount-hook") {
		path = filepath.Join(filepath.Dir(self), "etcfiles-mount")
		if _, err := os.Stat(path); err != nil {
			return nil, fmt.Errorf("%w: install etcfiles-mount there, or name it with --mount-hook (\"\" for none)", err)
		}
	}
	if path == "" {
		return nil, nil
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	hook := &ocispec.StagedHook{Stage: ocispec.CreateContainer, Hook: specs.Hook{Path: path}}
	if s.dataDir != "" {
		hook.Args = append(hook.Args, "--data-dir", s.dataDir.String())
	}
	if s.flags.Changed("namespace") {
		hook.Args = append(hook.Args, "--namespace", s.namespace)
	}
	sandbox := ocistate.NoSandboxAnnotation
	if s.hooksD != "" {
		sandbox = ocistate.CRIOSandboxAnnotation // Podman's containers have none
	}
	hook.Args = append(hook.Args, "--sandbox-annotation", sandbox)
	if s.override {
		hook.Args = append(hook.Args, "--override")
	}
	hook.Args = append(hook.Args, "createContainer")
	return hook, nil
}

func printHooksD(w io.Writer, hook specs.Hook, annotation string, stages ...string) error {
	b, err := ocispec.HooksD(hook, annotation, stages...)
	if err == nil {
		_, err = w.Write(b)
	}
	return err
}
