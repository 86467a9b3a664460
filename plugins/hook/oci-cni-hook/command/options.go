package command

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/etcfiles/etcfiles/pkg/ocihook"
)

const (
	flagAllow      = "allow"
	flagAllowNetns = "allow-netns"
)

// options are the flags that every command has. Those that are given to spec go into the hooks' arguments, too.
type options struct {
	flags                       *pflag.FlagSet
	confDir, cacheDir, runDir   directory
	binDir, namespace, networks string
	allow                       allowance
	allowNetns                  bool
	chainTimeout                time.Duration
}

func (o *options) addTo(flags *pflag.FlagSet) {
	o.flags = flags
	o.confDir, o.cacheDir, o.runDir = "/etc/cni/net.d", "/var/lib/cni", "/run/etcfiles"
	flags.SortFlags = false
	flags.Var(&o.confDir, "conf-dir", "conflists")
	flags.StringVar(&o.binDir, "bin-dir", "/opt/cni/bin:/usr/lib/cni:/usr/libexec/cni", "CNI plugins, `directories` separated by colons")
	flags.Var(&o.cacheDir, "cache-dir", "libcni's results")
	flags.Var(&o.runDir, "run-dir", "pins and records")
	flags.StringVar(&o.networks, "networks", "", "`names`, with commas, of the networks of a container without the annotation etcfiles/networks (default the first conflist's)")
	flags.StringVar(&o.namespace, "namespace", "", "containerd `namespace` (default from containerd's bundle path, else default)")
	flags.Var(&o.allow, flagAllow, "annotations that count beside names and DNS, which may come from an image: none, all or some of "+
		strings.Join(ocihook.AllowWords(), ", ")+". Without networks etcfiles/networks may name those of --networks (default all but netns)")
	flags.BoolVar(&o.allowNetns, flagAllowNetns, false, "have the annotation etcfiles/netns count, too")
	flags.DurationVar(&o.chainTimeout, "chain-timeout", defaultChainTimeout, "`time` that the plugins of a network have for ADD, and for DEL, before they are killed; 0 for ever")
}

func (o *options) hook() *ocihook.Hook {
	var networks list
	_ = networks.Set(o.networks)
	allow := o.allow.Allow
	if o.allowNetns {
		if allow == nil {
			allow = ocihook.AllowBundle
		}
		allow = append(slices.Clone(allow), "netns")
	}
	return &ocihook.Hook{
		ConfDir: string(o.confDir), BinDirs: filepath.SplitList(o.binDir), CacheDir: string(o.cacheDir), RunDir: string(o.runDir),
		Networks: networks, Allow: allow, ChainTimeout: o.chainTimeout, Command: o.command(),
	}
}

// command returns the program's name with the flags that say where what it has recorded is.
func (o *options) command() string {
	words := []string{program}
	for _, name := range []string{"conf-dir", "bin-dir", "cache-dir", "run-dir"} {
		if f := o.flags.Lookup(name); f.Changed {
			words = append(words, "--"+name, f.Value.String())
		}
	}
	return strings.Join(words, " ")
}

// defaultChainTimeout is far more than plugins take, and less than people wait.
const defaultChainTimeout = 2 * time.Minute

// allowance is the flag --allow.
type allowance struct{ ocihook.Allow }

// Set implements pflag.Value.
func (a *allowance) Set(s string) (err error) {
	a.Allow, err = ocihook.ParseAllow(s)
	return err
}

// Type names the operand in --help.
func (a *allowance) Type() string { return "words" }

// hookArgs returns the flags that were given, in the order of --help.
func (o *options) hookArgs() []string {
	var out []string
	o.flags.VisitAll(func(f *pflag.Flag) {
		switch {
		case !f.Changed:
		case f.Value.Type() == "bool":
			out = append(out, "--"+f.Name+"="+f.Value.String())
		default:
			out = append(out, "--"+f.Name, f.Value.String())
		}
	})
	return out
}

// directory is a flag whose value is made absolute: a hook runs in another directory.
type directory string

func (d *directory) String() string { return string(*d) }

func (d *directory) Set(s string) error {
	if s == "" {
		return fmt.Errorf("want a directory")
	}
	abs, err := filepath.Abs(s)
	*d = directory(abs)
	return err
}

func (d *directory) Type() string { return "directory" }

// list is a flag that may be given several times, or with commas.
type list []string

func (l *list) String() string { return strings.Join(*l, ",") }

func (l *list) Set(s string) error {
	for part := range strings.SplitSeq(s, ",") {
		if part = strings.TrimSpace(part); part != "" {
			*l = append(*l, part)
		}
	}
	return nil
}

// completeNetworks completes the name of a network in the directory of conflists.
func (o *options) completeNetworks(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
	words := slices.DeleteFunc(o.hook().NetworkNames(), func(name string) bool { return !strings.HasPrefix(name, typed) })
	return words, cobra.ShellCompDirectiveNoFileComp
}
