package admin

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/etcfiles/etcfiles/pkg/cli"
	"github.com/etcfiles/etcfiles/pkg/conflist"
)

// Where runtimes look, see libcni, containerd's config and podman's containers.conf(5).
const (
	defaultConfDir = "/etc/cni/net.d"
	defaultBinDirs = "/opt/cni/bin:/usr/lib/cni:/usr/libexec/cni"
)

func configCommand() *cobra.Command {
	var out format
	var confDir, binDirs, pod string
	var example conflist.Example
	cmd := &cobra.Command{
		Use:   "config CONFLIST",
		Short: "Look for faults in a conflist, and show what a container would get",
		Long: `Look at a conflist, a file or the name of a network in --conf-dir, and say what is wrong in which line, as
file:line: key: message. Looked at are the JSON, the versions, the names, the order of the plugins and their programs,
and every key and value of etcfiles, as the plugin itself reads them. A note is no fault: it says what one may not expect.

If nothing is wrong it shows what a container would get: its names, its hosts file while no other container is there, with an address of
the IPAM plugin's range, and its resolv.conf on this host, with where each part comes from. Nothing is made or written.

The exit code is 1 when something is wrong. The flags --data-dir, --namespace and --marker of other commands mean nothing
here: the conflist says all of them.`,
		Example: `  etcfiles config lab
  etcfiles config ./10-bridge.conflist --name web --alias www
  etcfiles config k8s --pod shop/web -o json`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if pod != "" {
				var ok bool
				if example.PodNS, example.Pod, ok = strings.Cut(pod, "/"); !ok || example.Pod == "" || example.PodNS == "" {
					return cli.Misuse(cmd, "--pod: want NAMESPACE/NAME")
				}
			}
			path := args[0]
			if _, err := os.Stat(path); err != nil && !strings.ContainsRune(path, '/') {
				if path = conflist.Find(confDir, args[0]); path == "" {
					return fmt.Errorf("no conflist in %s has the network %s: name a file, or the directory with --conf-dir", confDir, args[0])
				}
			}
			report, err := conflist.Look(path, conflist.Options{ConfDir: siblings(path, args[0], confDir), BinDirs: filepath.SplitList(binDirs), Example: example})
			if err != nil {
				return err
			}
			if err := printReport(cmd.OutOrStdout(), out, report); err != nil {
				return err
			}
			if report.Wrong() {
				return cli.ErrNo
			}
			return nil
		},
	}
	addFormat(cmd, &out)
	flags := cmd.Flags()
	flags.StringVar(&confDir, "conf-dir", defaultConfDir, "`directory` of the conflists")
	flags.StringVar(&binDirs, "bin-dir", defaultBinDirs, "`directories` of the plugins, separated by colons")
	flags.StringVar(&example.ID, "id", "web", "`ID` of the example container")
	flags.StringVar(&example.Name, "name", "", "`name` of the example container")
	flags.StringVar(&example.Hostname, "hostname", "", "`hostname` of the example container")
	flags.StringArrayVar(&example.Aliases, "alias", nil, "another `name` of the example container; may be given several times")
	flags.StringVar(&pod, "pod", "", "the example is the pod `NAMESPACE/NAME` of Kubernetes")
	return cmd
}

// siblings returns the directory in which another file may have the same network: that of the file, if runtimes look there.
func siblings(path, given, confDir string) string {
	if path != given {
		return confDir
	}
	return filepath.Dir(path)
}

func printReport(w io.Writer, out format, r *conflist.Report) error {
	if out == formatJSON {
		return printJSON(w, r)
	}
	var b strings.Builder
	for _, f := range r.Faults {
		b.WriteString(cli.Plain(f.String()) + "\n")
	}
	if !r.Wrong() {
		fmt.Fprintf(&b, "%s: nothing is wrong\n", r.File)
	}
	if r.Result != nil && !r.Wrong() {
		writeResult(&b, r)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// writeResult writes what the example would get.
func writeResult(b *strings.Builder, r *conflist.Report) {
	e := r.Result
	address := strings.Join(e.Addresses, " ")
	if e.Sample {
		address += " (any: the conflist does not say which there are)"
	}
	fmt.Fprintf(b, "\nContainer %s on network %s would get:\n", e.ID, r.Network)
	for _, line := range [][2]string{
		{"namespace", e.Namespace}, {"dataDir", e.DataDir}, {"hostname", e.Hostname}, {"names", strings.Join(e.Names, " ")}, {"address", address},
	} {
		fmt.Fprintf(b, "  %-10s %s\n", line[0], cli.Plain(line[1]))
	}
	writeFile(b, "/etc/hosts", e.Hosts)
	writeFile(b, "/etc/resolv.conf", e.ResolvConf)
	for _, o := range e.Origins {
		fmt.Fprintf(b, "  %-12s from %s\n", o.Key, cli.Plain(o.From))
	}
	for _, warning := range e.Warnings {
		fmt.Fprintf(b, "  warning: %s\n", cli.Plain(warning))
	}
}

func writeFile(b *strings.Builder, path, text string) {
	fmt.Fprintf(b, "\n  %s:\n", path)
	for line := range strings.Lines(text) {
		fmt.Fprintf(b, "    %s\n", cli.Plain(strings.TrimSuffix(line, "\n")))
	}
}
