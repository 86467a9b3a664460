package main

import (
	"flag"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/etcfiles/etcfiles/pkg/ocihook"
)

const usage = `usage: oci-cni-hook [FLAGS] createRuntime|poststop|hook     (by an OCI runtime, with the state on stdin)
       oci-cni-hook [FLAGS] gc
       oci-cni-hook [FLAGS] spec [SPEC FLAGS] BUNDLE
       oci-cni-hook [FLAGS] spec --hooks-d cni|mount

createRuntime  attach the container to its networks: CNI ADD
poststop       detach it: CNI DEL
hook           the one of the two that the state's status calls for
gc             clean up after containers whose runtime was killed; for a timer
spec           put the hooks and annotations into BUNDLE/config.json

FLAGS, which spec also writes into the hooks' arguments:
  --conf-dir DIR      conflists (/etc/cni/net.d)
  --bin-dir DIR       CNI plugins, several with colons (/opt/cni/bin)
  --cache-dir DIR     libcni's results (/var/lib/cni)
  --run-dir DIR       pins and records (/run/etcfiles)
  --networks A,B      networks of a container without the annotation etcfiles/networks (the first conflist's)
  --namespace NS      containerd namespace (from containerd's bundle path, else default)

SPEC FLAGS; those marked * may be given several times:
  --network NAME*     join the network
  --name NAME         the container's name; also its hostname, unless the bundle has one of its own
  --hostname NAME, --domainname NAME, --alias NAME*, --extra-host NAME:IP*
  --publish [HOSTIP:]HOSTPORT:PORT[/tcp|udp|sctp]*
  --ip ADDRESS*, --mac MAC*         as VALUE or NETWORK=VALUE
  --dns ADDRESS*, --dns-search DOMAIN*, --dns-option OPTION*
  --mount-hook PATH   etcfiles-mount ("" for none; else the one beside this program)
  --data-dir DIR      data directory of the etcfiles plugin, for etcfiles-mount (/var/lib/etcfiles)
  --override          have etcfiles-mount mount also over what the engine or the bundle mounts there
  --hooks-d WHICH     print the oci-hooks(5) JSON of this hook (cni) or of etcfiles-mount (mount)

Example: runc spec && oci-cni-hook spec --network lab --name web . && runc run web
`

// options are the flags of the command line.
type options struct {
	confDir, binDir, cacheDir, runDir, namespace string
	networks                                     values

	annotations        map[string]*values
	hostname           string
	mountHook, dataDir string
	override           bool
	hooksD             string
	given              map[string]bool
}

// values is a flag that may be given several times, or as a comma-separated list.
type values []string

func (v *values) String() string { return strings.Join(*v, ",") }

func (v *values) Set(s string) error {
	for part := range strings.SplitSeq(s, ",") {
		if part = strings.TrimSpace(part); part != "" {
			*v = append(*v, part)
		}
	}
	return nil
}

// specFlags are the flags of spec that become annotations.
var specFlags = map[string]string{
	"network": ocihook.AnnotationNetworks, "name": ocihook.AnnotationName, "domainname": ocihook.AnnotationDomainname,
	"alias": ocihook.AnnotationAliases, "extra-host": ocihook.AnnotationExtraHosts, "publish": ocihook.AnnotationPorts,
	"ip": ocihook.AnnotationIP, "mac": ocihook.AnnotationMAC, "dns": ocihook.AnnotationDNS,
	"dns-search": ocihook.AnnotationDNSSearch, "dns-option": ocihook.AnnotationDNSOptions,
}

// hookFlags are the flags that spec hands on to the hooks.
var hookFlags = []string{"conf-dir", "bin-dir", "cache-dir", "run-dir", "networks", "namespace"}

// parse reads flags wherever they stand, and returns what else there is.
func parse(args []string) (*options, []string, error) {
	o := &options{annotations: map[string]*values{}, given: map[string]bool{}}
	flags := flag.NewFlagSet("oci-cni-hook", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&o.confDir, "conf-dir", "/etc/cni/net.d", "")
	flags.StringVar(&o.binDir, "bin-dir", "/opt/cni/bin", "")
	flags.StringVar(&o.cacheDir, "cache-dir", "/var/lib/cni", "")
	flags.StringVar(&o.runDir, "run-dir", "/run/etcfiles", "")
	flags.StringVar(&o.namespace, "namespace", "", "")
	flags.Var(&o.networks, "networks", "")
	for name := range specFlags {
		o.annotations[name] = &values{}
		flags.Var(o.annotations[name], name, "")
	}
	flags.StringVar(&o.hostname, "hostname", "", "")
	flags.StringVar(&o.mountHook, "mount-hook", "", "")
	flags.StringVar(&o.dataDir, "data-dir", "", "")
	flags.BoolVar(&o.override, "override", false, "")
	flags.StringVar(&o.hooksD, "hooks-d", "", "")
	var rest []string
	for {
		if err := flags.Parse(args); err != nil {
			return nil, nil, err
		}
		if args = flags.Args(); len(args) == 0 {
			break
		}
		rest, args = append(rest, args[0]), args[1:]
	}
	flags.Visit(func(f *flag.Flag) { o.given[f.Name] = true })
	if len(rest) > 0 && rest[0] != "spec" {
		for name := range o.given {
			if !slices.Contains(hookFlags, name) {
				return nil, nil, fmt.Errorf("flag --%s belongs to spec", name)
			}
		}
	}
	for name, dir := range map[string]*string{"conf-dir": &o.confDir, "cache-dir": &o.cacheDir, "run-dir": &o.runDir, "data-dir": &o.dataDir} {
		if *dir == "" {
			continue
		}
		abs, err := filepath.Abs(*dir)
		if err != nil {
			return nil, nil, fmt.Errorf("--%s: %w", name, err)
		}
		*dir = abs
	}
	return o, rest, nil
}

func (o *options) hook() *ocihook.Hook {
	return &ocihook.Hook{
		ConfDir: o.confDir, BinDirs: filepath.SplitList(o.binDir), CacheDir: o.cacheDir, RunDir: o.runDir, Networks: o.networks,
	}
}

// hookArgs returns the flags that were given and concern the hooks, in the order of the usage.
func (o *options) hookArgs() []string {
	value := map[string]string{
		"conf-dir": o.confDir, "bin-dir": o.binDir, "cache-dir": o.cacheDir, "run-dir": o.runDir,
		"networks": o.networks.String(), "namespace": o.namespace,
	}
	var out []string
	for _, name := range hookFlags {
		if o.given[name] {
			out = append(out, "--"+name, value[name])
		}
	}
	return out
}
